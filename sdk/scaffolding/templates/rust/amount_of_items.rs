    /// The sum over "items" of a task's context.
    pub fn of_items(context: &Json) -> Result<Amount, Failure> {
        let items = context.get("items").elements();
        if items.is_empty() {
            return Err(refusal("the context has no items"));
        }
        let mut sum = Amount(0);
        for item in items {
            let price = number(item.get("price_cents"), "price_cents", MOST)?;
            sum = Amount::new(sum.0 + price * number(item.get("quantity"), "quantity", 1_000_000)?)?;
        }
        Ok(sum)
    }
