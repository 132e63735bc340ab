//! An amount of money in whole cents, so that no fraction is lost on the way. Pure; what is no amount is refused for good.

use tasker_sdk::{Failure, Json};

/// Far from where 64 bits end, also times a million.
const MOST: i64 = 1_000_000_000_000;

pub struct Amount(i64);

impl Amount {
@constructors@
    /// Null is none. Half a cent is rounded up.
    pub fn plus_percent(&self, percent: &Json) -> Result<Amount, Failure> {
        let percent = if percent.is_null() { 0 } else { number(percent, "percent", 1000)? };
        Amount::new(self.0 + (self.0 * percent + 50) / 100)
    }

    pub fn cents(&self) -> i64 {
        self.0
    }

    fn new(cents: i64) -> Result<Amount, Failure> {
        if cents > MOST {
            return Err(refusal("the amount is too large"));
        }
        Ok(Amount(cents))
    }
}

fn number(value: &Json, name: &str, most: i64) -> Result<i64, Failure> {
    let found = value.as_i64().filter(|number| (0..=most).contains(number));
    found.ok_or_else(|| refusal(&format!("{name} is not a whole number from 0 to {most}")))
}

fn refusal(why: &str) -> Failure {
    Failure::fail("@name@.bad_amount", why)
}
