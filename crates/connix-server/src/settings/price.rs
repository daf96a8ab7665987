//! The price of a model as a setting: `MODEL=PROMPT/COMPLETION`, for a million tokens each.

use std::fmt;
use std::str::FromStr;

use connix_domain::price::Price;

use super::value::as_text;

/// What a model costs.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ModelPrice {
    pub(crate) model: String,
    pub(crate) price: Price,
}

impl FromStr for ModelPrice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.rsplit_once('=').and_then(|(model, prices)| Some((model.trim(), prices.split_once('/')?)));
        let price = |text: &str| text.trim().parse().ok().filter(|price: &f64| price.is_finite() && *price >= 0.0);
        match parts.map(|(model, (prompt, completion))| (model, price(prompt), price(completion))) {
            Some((model, Some(prompt), Some(completion))) if !model.is_empty() => {
                Ok(Self { model: model.to_owned(), price: Price { prompt, completion } })
            }
            _ => Err(format!("`{text}` is no price: expected MODEL=PROMPT/COMPLETION, such as gpt-4=30/60")),
        }
    }
}

impl fmt::Display for ModelPrice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}/{}", self.model, self.price.prompt, self.price.completion)
    }
}

as_text!(ModelPrice);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_is_read_as_it_is_printed() {
        for text in ["gpt-4=30/60", "org/model:7b=0.15/0.6", "a=b=0/0"] {
            assert_eq!(text.parse::<ModelPrice>().unwrap().to_string(), text);
        }
        let price = "gpt-4 = 30 / 60".parse::<ModelPrice>().unwrap();
        assert_eq!((price.model.as_str(), price.price), ("gpt-4", Price { prompt: 30.0, completion: 60.0 }));
    }

    #[test]
    fn what_is_no_price_is_refused() {
        for bad in ["gpt-4", "gpt-4=30", "=1/2", "gpt-4=-1/2", "gpt-4=a/b", "gpt-4=inf/1", "gpt-4=1/nan", ""] {
            assert!(bad.parse::<ModelPrice>().is_err(), "{bad}");
        }
    }
}
