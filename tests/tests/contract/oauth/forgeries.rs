//! Access tokens that the server has not issued.
//!
//! Most of them are signed by a [`KnownKey`]: one that the store lists like the server's own, and whose private half the test has.
//! So each is refused for what it says, and not for its signature; the same token with nothing changed is good.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use connix_tests::{Answer, Server, eventually, on_every_store};
use reqwest::Method;
use serde_json::{Value, json};

use super::forger::{Forger, HOUR, KnownKey, RETIRED, Term, changed, decoded, part};
use super::{Scene, Trap, acts_as};

on_every_store![
    the_algorithm_is_the_key_s_and_the_signature_its_own,
    only_an_access_token_is_one,
    a_header_that_names_keys_is_refused_and_nothing_is_fetched,
    a_token_for_another_or_of_another_time_is_refused,
    a_token_that_lacks_a_claim_is_refused,
    what_has_not_the_shape_of_a_token_is_refused,
    only_a_key_of_today_counts,
    a_token_that_says_more_than_was_granted_is_refused,
];

async fn show(server: &Server, token: &str) -> Answer {
    server.anonymous().call(Method::GET, "/api/v1/me").header("Authorization", &format!("Bearer {token}")).send().await
}

async fn refused(server: &Server, token: &str, why: &str) {
    let answer = show(server, token).await;
    assert_eq!(answer.status, 401, "{why}: {}", answer.text());
    answer.refused(401, "UNAUTHORIZED");
    let challenge = answer.header("www-authenticate").unwrap();
    assert!(challenge.starts_with("Bearer ") && challenge.contains("error=\"invalid_token\""), "{why}: {challenge}");
}

fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.unwrap().as_secs().cast_signed()
}

/// O38, of a token that the server has really signed.
async fn the_algorithm_is_the_key_s_and_the_signature_its_own(server: &Server) {
    let Scene { tenant, mut browser, .. } = Scene::new(server).await;
    let token = tenant.client.application("public").await.tokens(&mut browser, "read").await.access;
    let (header, claims) = (decoded(&token, 0), decoded(&token, 1));
    let (signed, signature) = token.rsplit_once('.').unwrap();
    for algorithm in ["none", "None", "nOnE", "RS256", "ES384", ""] {
        let signed = format!("{}.{}", part(&changed(header.clone(), &[("alg", json!(algorithm))])), part(&claims));
        for signature in ["", signature] {
            refused(server, &format!("{signed}.{signature}"), algorithm).await;
        }
    }
    let set = server.anonymous().get("/oauth2/jwks.json").await.expect(200);
    let public = set["keys"].as_array().unwrap().iter().find(|key| key["kid"] == header["kid"]).unwrap();
    let with_hmac = format!("{}.{}", part(&changed(header.clone(), &[("alg", json!("HS256"))])), part(&claims));
    for secret in [public.to_string(), public["x"].as_str().unwrap().to_owned()] {
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()), with_hmac.as_bytes());
        refused(server, &format!("{with_hmac}.{}", URL_SAFE_NO_PAD.encode(tag)), "HS256").await;
    }
    let foreign = KnownKey::new();
    refused(server, &foreign.sign(&header, &claims), "a foreign key").await;
    refused(server, &foreign.sign(&foreign.header(), &claims), "a foreign key by its own name").await;
    for other in [String::new(), URL_SAFE_NO_PAD.encode([0; 64]), URL_SAFE_NO_PAD.encode([0; 63]), "AA".to_owned()] {
        refused(server, &format!("{signed}.{other}"), "another signature").await;
    }
    assert!(acts_as(server, &token).await.is_some());
}

/// O39.
async fn only_an_access_token_is_one(server: &Server) {
    let forger = Forger::new(server).await;
    for typ in [json!(null), json!("JWT"), json!("id+jwt"), json!("logout+jwt"), json!("AT+JWT"), json!(1)] {
        refused(server, &forger.with_header(&[("typ", typ.clone())]), &typ.to_string()).await;
    }
    assert!(acts_as(server, &forger.with_header(&[])).await.is_some());
}

/// O40.
async fn a_header_that_names_keys_is_refused_and_nothing_is_fetched(server: &Server) {
    let forger = Forger::new(server).await;
    let trap = Trap::new();
    let set = server.anonymous().get("/oauth2/jwks.json").await.expect(200);
    let own = set["keys"].as_array().unwrap().iter().find(|key| key["kid"] == forger.key.kid.as_str()).unwrap();
    for (name, value) in [
        ("jku", json!(trap.url())),
        ("x5u", json!(trap.url())),
        ("jwk", own.clone()),
        ("crit", json!(["exp"])),
        ("b64", json!(false)),
        ("kid", json!("../../key")),
        ("kid", json!("' OR 1=1")),
        ("kid", json!("k".repeat(5 * 1024))),
        ("kid", json!(null)),
        ("kid", json!("")),
    ] {
        refused(server, &forger.with_header(&[(name, value.clone())]), &format!("{name}: {value}")).await;
    }
    trap.assert_untouched();
    // one of 10 KiB is too long for a header as a whole
    let answer = show(server, &forger.with_header(&[("kid", json!("k".repeat(10 * 1024)))])).await;
    assert_eq!(answer.status, 431, "{answer:?}");
}

/// O41. The exact second is the domain's to say; here a slow machine has its time.
async fn a_token_for_another_or_of_another_time_is_refused(server: &Server) {
    let forger = Forger::new(server).await;
    let issuer = forger.claims["iss"].as_str().unwrap().to_owned();
    for (name, value) in [
        ("iss", json!(format!("{issuer}/"))),
        ("iss", json!("https://evil.example")),
        ("aud", json!(format!("{issuer}/"))),
        ("aud", json!("https://other.example")),
        ("aud", json!(["https://other.example", format!("{issuer}/api")])),
        ("aud", json!([])),
        ("exp", json!(now() - 31)),
        ("nbf", json!(now() + 40)),
        ("iat", json!(now() + 40)),
    ] {
        refused(server, &forger.with_claims(&[(name, value.clone())]), &format!("{name}: {value}")).await;
    }
    for (name, value) in [
        ("aud", json!(["https://other.example", issuer])),
        ("exp", json!(now() - 20)),
        ("nbf", json!(now() + 29)),
        ("iat", json!(now() + 29)),
    ] {
        let token = forger.with_claims(&[(name, value.clone())]);
        assert!(acts_as(server, &token).await.is_some(), "{name}: {value}");
    }
}

/// O42.
async fn a_token_that_lacks_a_claim_is_refused(server: &Server) {
    let forger = Forger::new(server).await;
    for name in ["iss", "sub", "aud", "client_id", "exp", "iat", "jti", "scope", "org", "gid", "auth_time"] {
        refused(server, &forger.with_claims(&[(name, json!(null))]), &format!("without {name}")).await;
    }
    for (name, value) in [
        ("sub", forger.claims["client_id"].clone()),
        ("exp", json!("9999999999")),
        ("exp", json!(1e20)),
        ("exp", json!(9_999_999_999.5)),
        ("jti", json!(7)),
        ("client_id", forger.claims["sub"].clone()),
    ] {
        refused(server, &forger.with_claims(&[(name, value.clone())]), &format!("{name}: {value}")).await;
    }
}

/// O43.
async fn what_has_not_the_shape_of_a_token_is_refused(server: &Server) {
    let forger = Forger::new(server).await;
    let (header, claims) = (part(&forger.key.header()), part(&forger.claims));
    let good = forger.key.sign_parts(&header, &claims);
    let not_utf8 = URL_SAFE_NO_PAD.encode([b"{\"sub\":\"".as_slice(), &[0xff, 0xfe], b"\"}"].concat());
    for (why, bad) in [
        ("five parts", format!("{good}.x.y")),
        ("four parts", format!("{good}.x")),
        ("two parts", format!("{header}.{claims}")),
        ("padded", forger.key.sign_parts(&header, &format!("{claims}="))),
        ("no base64", forger.key.sign_parts(&header, "!!!")),
        ("no UTF-8", forger.key.sign_parts(&header, &not_utf8)),
        ("no object", forger.key.sign_parts(&header, &part(&json!([])))),
        ("nothing", "..".to_owned()),
    ] {
        refused(server, &bad, why).await;
    }
    let long = forger.with_claims(&[("padding", json!("x".repeat(9 * 1024)))]);
    assert_eq!(show(server, &long).await.status, 431);
    assert!(acts_as(server, &good).await.is_some());
}

/// O44.
async fn only_a_key_of_today_counts(server: &Server) {
    let Scene { tenant, mut browser, .. } = Scene::new(server).await;
    let claims = decoded(&tenant.client.application("public").await.tokens(&mut browser, "read").await.access, 1);
    let gone = Term { published_until: -60, ..RETIRED };
    let revoked = Term { active_until: HOUR, revoked: true, ..RETIRED };
    let next = Term { active_from: 24 * HOUR, active_until: 48 * HOUR, published_until: 72 * HOUR, revoked: false };
    let mut bad = Vec::new();
    for (why, term) in [("gone", gone), ("revoked", revoked), ("next", next)] {
        bad.push((why, KnownKey::new().listed(server, term).await));
    }
    // whoever is listed after them is known when they are
    let retired = KnownKey::new().listed(server, RETIRED).await;
    let good = retired.sign(&retired.header(), &claims);
    eventually("the keys are known", async || acts_as(server, &good).await).await;
    let set = server.anonymous().get("/oauth2/jwks.json").await.expect(200).to_string();
    assert!(set.contains(&retired.kid));
    for (why, key) in bad {
        refused(server, &key.sign(&key.header(), &claims), why).await;
        assert_eq!(set.contains(&key.kid), why == "next", "{why} is published");
    }
}

/// Beyond table O: what a token says is what was granted, however it is signed.
async fn a_token_that_says_more_than_was_granted_is_refused(server: &Server) {
    let forger = Forger::new(server).await;
    let Scene { tenant, mut browser, .. } = Scene::new(server).await;
    let claims = decoded(&tenant.client.application("public").await.tokens(&mut browser, "read").await.access, 1);
    let sign = |changes: &[(&str, Value)]| forger.key.sign(&forger.key.header(), &changed(claims.clone(), changes));
    refused(server, &sign(&[("scope", json!("read write"))]), "scope").await;
    for name in ["sub", "org", "gid", "client_id"] {
        refused(server, &sign(&[(name, forger.claims[name].clone())]), name).await;
    }
    assert!(acts_as(server, &sign(&[])).await.is_some());
}
