//! A resolver that gives out an address only when all of the host's may be dialled.

use std::net::SocketAddr;
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::rule::{AddressRule, Standing};
use crate::target::TargetFault;

/// For one scheme: plain HTTP goes to allowed addresses alone.
#[derive(Debug, Clone)]
pub(crate) struct GuardedResolver {
    pub(crate) rule: Arc<AddressRule>,
    pub(crate) plain: bool,
    /// Where the host is dialled.
    pub(crate) port: u16,
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let this = self.clone();
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            this.check(&found).map_err(Box::<dyn std::error::Error + Send + Sync>::from)?;
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

impl GuardedResolver {
    /// In words, why none of them may be dialled.
    pub(crate) fn check(&self, found: &[SocketAddr]) -> Result<(), String> {
        let standing = self.rule.judge_all(found.iter().map(SocketAddr::ip)).map_err(|blocked| blocked.to_string())?;
        if self.plain && standing == Standing::Public {
            return Err(format!("http:// is for addresses in {} alone", self.rule.setting()));
        }
        if found.iter().any(|address| self.rule.reserves(address.ip(), self.port)) {
            return Err(format!("it {}", TargetFault::Reserved));
        }
        if found.is_empty() { Err("the name has no address".to_owned()) } else { Ok(()) }
    }
}
