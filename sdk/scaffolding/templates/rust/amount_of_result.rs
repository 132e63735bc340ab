    /// What an earlier calculation came to.
    pub fn of_result(result: &Json) -> Result<Amount, Failure> {
        Amount::new(number(result.get("amount_cents"), "amount_cents", MOST)?)
    }
