//! What models cost, by the operator's price table.

use crate::task::Usage;
use std::collections::BTreeMap;

/// What a model costs, in the operator's currency, for a million tokens.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Price {
    /// Of questions.
    pub prompt: f64,
    /// Of answers.
    pub completion: f64,
}

impl Price {
    /// What this usage costs.
    pub fn of(self, usage: Usage) -> f64 {
        (usage.prompt as f64 * self.prompt + usage.completion as f64 * self.completion) / 1e6
    }
}

/// The prices of models by their names, and what they are counted in.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PriceTable {
    /// A currency's code, such as `USD`.
    pub currency: String,
    /// Prices by model.
    pub prices: BTreeMap<String, Price>,
}

impl PriceTable {
    /// What the usage of a model costs; `None` when it has no price.
    pub fn cost(&self, model: &str, usage: Usage) -> Option<f64> {
        self.prices.get(model).map(|price| price.of(usage))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_and_answers_have_their_own_prices() {
        let prices = BTreeMap::from([("gpt-4".to_owned(), Price { prompt: 30.0, completion: 60.0 })]);
        let table = PriceTable { currency: "USD".to_owned(), prices };
        let usage = Usage { prompt: 1_000_000, completion: 500_000, requests: 7 };
        assert_eq!(table.cost("gpt-4", usage), Some(60.0));
        assert_eq!(table.cost("gpt-4", Usage::default()), Some(0.0));
        assert_eq!(table.cost("unheard-of", usage), None, "unknown is not free");
    }
}
