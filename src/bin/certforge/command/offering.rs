//! What a flag offers to the completion of a shell. clap knows it of an `enum` of the command
//! line alone; these values are read by the library.

use std::ffi::OsStr;
use std::marker::PhantomData;
use std::str::FromStr;

use clap::builder::{PossibleValue, StringValueParser, TypedValueParser};
use clap::{Arg, Command};

/// Reads a `T` by its own rules, which may take more spellings than are offered.
#[derive(Clone)]
pub struct Offering<T> {
    values: Vec<&'static str>,
    read: PhantomData<fn() -> T>,
}

/// Offers these values for what is read as a `T`.
pub fn offering<T>(values: impl IntoIterator<Item = &'static str>) -> Offering<T> {
    Offering { values: values.into_iter().collect(), read: PhantomData }
}

impl<T> TypedValueParser for Offering<T>
where
    T: FromStr + Clone + Send + Sync + 'static,
    T::Err: std::error::Error + Send + Sync + 'static,
{
    type Value = T;

    fn parse_ref(&self, cmd: &Command, arg: Option<&Arg>, value: &OsStr) -> Result<T, clap::Error> {
        StringValueParser::new().try_map(|text| text.parse()).parse_ref(cmd, arg, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(self.values.iter().map(PossibleValue::new)))
    }
}
