//! JSON values. A number is kept as it is written, so that no digit is lost on the way through a handler.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::parse;

/// Deeper nesting is refused in both directions: reading and writing recurse, and a plugin that overflows its stack takes
/// the host with it. Cloning, comparing and dropping recurse without this bound: a handler that builds a value itself must not
/// make it tens of thousands of levels deep.
pub const MAX_DEPTH: usize = 100;

#[derive(Clone, Debug, PartialEq)]
pub enum Json {
    Null,
    Bool(bool),
    /// As it is written: `as_i64` and `as_f64` read it, `From` writes it.
    Number(String),
    String(String),
    Array(Vec<Json>),
    Object(BTreeMap<String, Json>),
}

static NOTHING: Json = Json::Null;

impl Json {
    /// Of a name that is there twice, the last one counts. The error is a sentence with the place.
    pub fn parse(text: &[u8]) -> Result<Json, String> {
        parse::document(text)
    }

    pub fn object<const N: usize>(members: [(&str, Json); N]) -> Json {
        Json::Object(members.into_iter().map(|(name, value)| (name.to_string(), value)).collect())
    }

    /// A member of an object; null when it is not there, or this is no object.
    pub fn get(&self, name: &str) -> &Json {
        match self {
            Json::Object(members) => members.get(name).unwrap_or(&NOTHING),
            _ => &NOTHING,
        }
    }

    /// The elements of an array; none of anything else.
    pub fn elements(&self) -> &[Json] {
        match self {
            Json::Array(elements) => elements,
            _ => &[],
        }
    }

    pub fn is_null(&self) -> bool {
        *self == Json::Null
    }

    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Json::Bool(value) => Some(*value),
            _ => None,
        }
    }

    pub fn as_str(&self) -> Option<&str> {
        match self {
            Json::String(text) => Some(text),
            _ => None,
        }
    }

    /// Of whole numbers that fit, written without fraction and exponent.
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Json::Number(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// Rounded to what an f64 can hold.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Json::Number(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// None when it nests deeper than MAX_DEPTH.
    pub fn to_text(&self) -> Option<String> {
        let mut text = String::new();
        print(self, &mut text, MAX_DEPTH)?;
        Some(text)
    }
}

fn print(value: &Json, text: &mut String, room: usize) -> Option<()> {
    match value {
        Json::Null => text.push_str("null"),
        Json::Bool(value) => text.push_str(if *value { "true" } else { "false" }),
        Json::Number(number) => text.push_str(number),
        Json::String(string) => print_string(string, text),
        Json::Array(elements) => {
            let room = room.checked_sub(1)?;
            for (position, element) in elements.iter().enumerate() {
                text.push(if position == 0 { '[' } else { ',' });
                print(element, text, room)?;
            }
            text.push_str(if elements.is_empty() { "[]" } else { "]" });
        }
        Json::Object(members) => {
            let room = room.checked_sub(1)?;
            for (position, (name, member)) in members.iter().enumerate() {
                text.push(if position == 0 { '{' } else { ',' });
                print_string(name, text);
                text.push(':');
                print(member, text, room)?;
            }
            text.push_str(if members.is_empty() { "{}" } else { "}" });
        }
    }
    Some(())
}

fn print_string(string: &str, text: &mut String) {
    text.push('"');
    for c in string.chars() {
        match c {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            c if c < ' ' => write!(text, "\\u{:04x}", c as u32).expect("a String takes everything"),
            c => text.push(c),
        }
    }
    text.push('"');
}

impl From<bool> for Json {
    fn from(value: bool) -> Json {
        Json::Bool(value)
    }
}
impl From<i32> for Json {
    fn from(value: i32) -> Json {
        Json::Number(value.to_string())
    }
}
impl From<i64> for Json {
    fn from(value: i64) -> Json {
        Json::Number(value.to_string())
    }
}
impl From<u64> for Json {
    fn from(value: u64) -> Json {
        Json::Number(value.to_string())
    }
}
/// JSON has no number for what is not finite: that becomes null.
impl From<f64> for Json {
    fn from(value: f64) -> Json {
        if value.is_finite() {
            Json::Number(format!("{value:?}"))
        } else {
            Json::Null
        }
    }
}
impl From<&str> for Json {
    fn from(text: &str) -> Json {
        Json::String(text.to_string())
    }
}
impl From<String> for Json {
    fn from(text: String) -> Json {
        Json::String(text)
    }
}
impl<T: Into<Json>> From<Vec<T>> for Json {
    fn from(elements: Vec<T>) -> Json {
        Json::Array(elements.into_iter().map(Into::into).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn again(text: &str) -> String {
        Json::parse(text.as_bytes()).unwrap().to_text().unwrap()
    }

    #[test]
    fn writes_what_it_read() {
        for text in ["null", "true", "false", "0", "-0.5e+10", "123456789012345678901234567890", "\"\"", "[]", "{}",
                     "[1,[2],{\"a\":null}]", "{\"a\":{\"b\":[]},\"c\":\"é😀\"}"] {
            assert_eq!(again(text), text);
        }
        assert_eq!(again(" \t\r\n{ \"a\" : [ 1 , 2 ] } "), "{\"a\":[1,2]}");
    }

    #[test]
    fn escapes() {
        assert_eq!(Json::parse(br#""\"\\\/\b\f\n\r\tA""#).unwrap().as_str(), Some("\"\\/\u{8}\u{c}\n\r\tA"));
        assert_eq!(Json::from("\"\\/\u{8}\n\u{1f}\u{7f}").to_text().unwrap(), "\"\\\"\\\\/\\u0008\\n\\u001f\u{7f}\"");
    }

    #[test]
    fn surrogates_come_in_pairs() {
        assert_eq!(Json::parse(br#""\ud83d\uDE00""#).unwrap().as_str(), Some("😀"));
        for text in [r#""\ud83d""#, r#""\ud83dx""#, r#""\ud83d\n""#, r#""\ud83dA""#, r#""\ude00""#] {
            assert!(Json::parse(text.as_bytes()).is_err(), "{text}");
        }
    }

    #[test]
    fn refuses_what_is_not_json() {
        for text in ["", " ", "nul", "nulls", "tru", "[", "]", "[1,]", "[,1]", "[1 2]", "{", "{\"a\"}", "{\"a\":}", "{\"a\":1,}",
                     "{a:1}", "'a'", "\"", "\"\\\"", "\"\\x\"", "\"\\u12\"", "\"\\u12g4\"", "\"\n\"", "01", "-", "+1", "1.", ".5",
                     "1e", "1e+", "0x1", "NaN", "Infinity", "1 2", "//", "\u{feff}1"] {
            assert!(Json::parse(text.as_bytes()).is_err(), "{text}");
        }
        assert!(Json::parse(b"\"\xff\"").is_err());
    }

    #[test]
    fn numbers_keep_their_digits() {
        assert_eq!(Json::parse(b"9223372036854775807").unwrap().as_i64(), Some(i64::MAX));
        assert_eq!(Json::parse(b"9223372036854775808").unwrap().as_i64(), None);
        assert_eq!(Json::parse(b"1.0").unwrap().as_i64(), None);
        assert_eq!(Json::parse(b"1.0").unwrap().as_f64(), Some(1.0));
        assert_eq!(Json::from(1e300).to_text().unwrap(), "1e300");
        assert_eq!(Json::from(0.1).to_text().unwrap(), "0.1");
        assert_eq!(Json::from(f64::NAN), Json::Null);
    }

    #[test]
    fn depth_is_bounded_both_ways() {
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert_eq!(again(&nested(MAX_DEPTH)), nested(MAX_DEPTH));
        assert!(Json::parse(nested(MAX_DEPTH + 1).as_bytes()).unwrap_err().contains("deeper"));
        assert!(Json::parse("[".repeat(1_000_000).as_bytes()).is_err());
        let mut deep = Json::Null;
        for _ in 0..=MAX_DEPTH {
            deep = Json::Array(vec![deep]);
        }
        assert_eq!(deep.to_text(), None);
    }

    #[test]
    fn members_that_are_not_there_are_null() {
        let json = Json::parse(br#"{"a": {"b": 1}, "a": {"b": 2}}"#).unwrap();
        assert_eq!(json.get("a").get("b").as_i64(), Some(2));
        assert!(json.get("x").get("y").is_null());
        assert!(json.get("a").elements().is_empty());
    }
}
