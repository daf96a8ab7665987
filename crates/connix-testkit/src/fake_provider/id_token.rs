//! What the provider says of who signed in, true or false.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use super::key::{Key, KeyKind, base64url, hs256};
use super::{CLIENT, Lie, Played, SECRET};

impl Played {
    pub(super) fn id_token(&self, nonce: Option<&str>) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let mut claims = json!({
            "iss": self.issuer,
            "aud": CLIENT,
            "sub": self.account.subject,
            "email": self.account.email,
            "email_verified": self.account.verified,
            "nonce": nonce,
            "iat": now,
            "exp": now + 300,
        });
        match self.lie {
            Some(Lie::Nonce) => claims["nonce"] = "another".into(),
            Some(Lie::NoNonce) => claims["nonce"] = Value::Null,
            Some(Lie::Audience) => claims["aud"] = "another".into(),
            Some(Lie::Party) => {
                claims["aud"] = json!([CLIENT, "another"]);
                claims["azp"] = "another".into();
            }
            Some(Lie::Issuer) => claims["iss"] = "https://evil.example".into(),
            Some(Lie::Expired) => claims["exp"] = (now - 300).into(),
            Some(Lie::Early) => claims["iat"] = (now + 3600).into(),
            _ => {}
        }
        self.signed(&claims)
    }

    fn signed(&self, claims: &Value) -> String {
        let Some(own) = self.keys.last() else { return String::new() };
        let text = |algorithm: &str, kid: &str| {
            let header = json!({"alg": algorithm, "typ": "JWT", "kid": kid});
            format!("{}.{}", base64url(header.to_string()), base64url(claims.to_string()))
        };
        let by = |key: &Key, kid: &str| {
            let message = text(key.algorithm(), kid);
            format!("{message}.{}", base64url(key.sign(&message)))
        };
        match self.lie {
            Some(Lie::Unsigned) => format!("{}.", text("none", &own.kid)),
            Some(Lie::SignedWithSecret) => {
                let message = text("HS256", &own.kid);
                format!("{message}.{}", base64url(hs256(SECRET, &message)))
            }
            Some(Lie::ForeignKey) => by(&Key::new(KeyKind::Es256), &own.kid),
            Some(Lie::HiddenKey) => {
                let hidden = Key::new(KeyKind::Es256);
                by(&hidden, &hidden.kid)
            }
            _ => by(own, &own.kid),
        }
    }
}
