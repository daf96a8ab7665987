//! Tokens that are believed, and those that are not. Signatures are looked at through a whole provider in `tests/provider.rs`.

use super::*;
use serde_json::json;

const NOW: i64 = 1_800_000_000;
const EXPECTED: Expected<'_> = Expected { issuer: "https://id.example", client: "connix", nonce: "n-1", now: NOW };

fn judged(changes: Value) -> Result<UpstreamIdentity, Fault> {
    let mut claims = json!({
        "iss": "https://id.example", "sub": "s-1", "aud": "connix", "nonce": "n-1", "iat": NOW, "exp": NOW + 300,
        "email": "ada@example.com", "email_verified": true,
    });
    for (name, value) in changes.as_object().unwrap() {
        claims[name] = value.clone();
    }
    serde_json::from_value::<Claims>(claims).map_err(|_| Fault::Claims)?.checked(&EXPECTED)
}

fn header(header: &Value) -> Result<Option<String>, Fault> {
    let text = format!("{}.e30.AA", URL_SAFE_NO_PAD.encode(header.to_string()));
    IdToken::read(&text).map(|token| token.kid().map(str::to_owned))
}

#[test]
fn a_good_token_says_who_it_is() {
    let account = UpstreamAccount { issuer: "https://id.example".to_owned(), subject: "s-1".to_owned() };
    let verified_email = Some("ada@example.com".to_owned());
    assert_eq!(judged(json!({})), Ok(UpstreamIdentity { account, verified_email }));
}

#[test]
fn an_address_counts_only_when_the_provider_has_made_sure_of_it() {
    for unsure in [json!(false), json!("true"), json!(1), Value::Null] {
        let identity = judged(json!({"email_verified": unsure})).unwrap();
        assert_eq!(identity.verified_email, None, "{unsure}");
    }
    assert_eq!(judged(json!({"email": null})).unwrap().verified_email, None);
}

#[test]
fn issuer_and_nonce_are_compared_exactly() {
    for issuer in ["https://id.example/", "https://ID.example", "http://id.example", ""] {
        assert_eq!(judged(json!({"iss": issuer})), Err(Fault::Issuer), "{issuer}");
    }
    for nonce in [json!("n-2"), json!("n-1 "), json!(""), Value::Null] {
        assert_eq!(judged(json!({"nonce": nonce})), Err(Fault::Nonce), "{nonce}");
    }
}

#[test]
fn a_token_is_meant_for_us_and_was_given_to_us() {
    for good in [
        json!({"aud": ["connix"]}),
        json!({"aud": "connix", "azp": "connix"}),
        json!({"aud": ["other", "connix"], "azp": "connix"}),
    ] {
        assert!(judged(good.clone()).is_ok(), "{good}");
    }
    for bad in [
        json!({"aud": "other"}),
        json!({"aud": []}),
        json!({"aud": ["other"], "azp": "connix"}),
        json!({"aud": ["other", "connix"]}),
        json!({"aud": ["other", "connix"], "azp": "other"}),
        json!({"aud": "connix", "azp": "other"}),
    ] {
        assert_eq!(judged(bad.clone()), Err(Fault::Audience), "{bad}");
    }
}

#[test]
fn a_token_is_of_this_time_give_or_take_the_clocks() {
    for good in [
        json!({"exp": NOW - LEEWAY + 1}),
        json!({"iat": NOW + LEEWAY}),
        json!({"nbf": NOW + LEEWAY}),
        json!({"iat": NOW - OLDEST - LEEWAY}),
    ] {
        assert!(judged(good.clone()).is_ok(), "{good}");
    }
    for bad in [
        json!({"exp": NOW - LEEWAY}),
        json!({"exp": i64::MIN}),
        json!({"iat": NOW + LEEWAY + 1}),
        json!({"nbf": NOW + LEEWAY + 1}),
        json!({"iat": NOW - OLDEST - LEEWAY - 1}),
        json!({"iat": i64::MIN}),
    ] {
        assert_eq!(judged(bad.clone()), Err(Fault::Time), "{bad}");
    }
}

#[test]
fn what_lacks_a_claim_or_has_another_type_is_not_believed() {
    for name in ["iss", "sub", "aud", "exp", "iat"] {
        for bad in [Value::Null, json!({}), json!(true)] {
            assert_eq!(judged(json!({name: bad})), Err(Fault::Claims), "{name} {bad}");
        }
    }
    for subject in [json!(""), json!("s".repeat(256)), json!("s\u{0}"), json!("ß"), json!(7)] {
        assert_eq!(judged(json!({"sub": subject})), Err(Fault::Claims), "{subject}");
    }
}

#[test]
fn a_token_of_another_kind_is_not_read() {
    assert_eq!(header(&json!({"alg": "ES256", "kid": "k"})), Ok(Some("k".to_owned())));
    assert_eq!(header(&json!({"alg": "ES256", "typ": "JWT"})), Ok(None));
    for bad in [
        json!({"alg": "ES256", "typ": "at+jwt"}),
        json!({"alg": "ES256", "crit": ["b64"], "b64": false}),
        json!({"typ": "JWT"}),
        json!("ES256"),
    ] {
        assert_eq!(header(&bad), Err(Fault::Form), "{bad}");
    }
    for text in ["", "a.b", "a.b.c", "e30.e30.e30.e30", &format!("e30.{}.AA", "A".repeat(LONGEST))] {
        assert!(matches!(IdToken::read(text), Err(Fault::Form)), "{text}");
    }
}
