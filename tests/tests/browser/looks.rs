//! Whether pages can be read: on a phone, in the light and in the dark, and by whoever listens to them. Takes the documentation's pictures of them on the way.

use std::path::PathBuf;
use std::{env, fs};

use connix_tests::{Chromium, Server, Tenant, eventually, on_every_store, unique};
use serde_json::json;

use crate::application::Application;
use crate::person::Person;

on_every_store![every_page_fits_a_phone_and_can_be_read_by_everybody_in_the_light_and_in_the_dark];

/// Wide and high, in CSS pixels. What is narrowest is WCAG's (2.2, 1.4.10).
const SCREENS: [(&str, (u32, u32)); 3] = [("narrow", (320, 568)), ("phone", (390, 640)), ("desktop", (800, 540))];

/// Every text and edge of the page, with the ratio of its colour to what is behind it, and the least that it may be.
const CONTRASTS: &str = include_str!("contrasts.js");
/// What keeps people from using the page.
const FAULTS: &str = include_str!("faults.js");

/// The pages that the documentation shows, and on which screens.
const PICTURED: [&str; 4] = ["sign-in", "consent", "account", "password"];
const PICTURED_ON: [&str; 2] = ["phone", "desktop"];

/// Where pictures are wanted: `make screenshots`.
fn pictures() -> Option<PathBuf> {
    env::var_os("CONNIX_SCREENSHOTS").map(PathBuf::from)
}

async fn every_page_fits_a_phone_and_can_be_read_by_everybody_in_the_light_and_in_the_dark(server: &Server) {
    let tenant = server.tenant();
    // Long words are what pushes a page out of a phone; pictures are of ordinary ones.
    let (name, email) = match pictures() {
        Some(_) => ("Tide Tables".to_owned(), "ada@example.com".to_owned()),
        None => ("Tide".repeat(25), format!("{}@example.com", "ada".repeat(20))),
    };
    let mut application = Application::registered(server, &tenant.client, &name).await;
    let person = Person::new(server.member_at(&tenant.organisation, "member", &email)).await;
    let browser = &person.browser;
    let console = format!("{}/console", application.issuer);

    browser.visit(&format!("{console}/consent?request=ended")).await;
    browser.shows("This did not work").await;
    look(browser, "message").await;
    look_at_the_page_of_a_link(browser, &tenant).await;
    browser.visit(application.asks_for("read write").url.as_str()).await;
    browser.shows("Sign in").await;
    look(browser, "sign-in").await;
    person.tries("not the password at all").await;
    look_at_what_went_wrong(browser, "sign-in-again").await;
    person.tries_again().await;
    browser.shows(&format!("{name} wants to act for you")).await;
    look(browser, "consent").await;
    let (_, ()) = tokio::join!(application.answer(), person.chooses("Allow"));
    browser.visit(&console).await;
    browser.shows("Your account").await;
    look(browser, "account").await;
    person.chooses("Set another password").await;
    browser.shows("Set a password").await;
    look(browser, "password").await;
    person.changes_password("not the password at all", "eight quick herons forget their count").await;
    look_at_what_went_wrong(browser, "password-again").await;
}

async fn look_at_the_page_of_a_link(browser: &Chromium, tenant: &Tenant) {
    let invited = json!({ "email": format!("{}@example.com", unique("invited")), "role": "member" });
    let invited = tenant.client.post("/api/v1/members", &invited).await.expect(201);
    browser.visit(invited["password_link"]["url"].as_str().unwrap()).await;
    browser.shows("Set a password").await;
    look(browser, "password-by-link").await;
    browser.types("password123!").await;
    browser.enter().await;
    look_at_what_went_wrong(browser, "password-by-link-again").await;
}

async fn look_at_what_went_wrong(browser: &Chromium, page: &str) {
    eventually("what went wrong", async || browser.text("[role=alert]").await).await;
    look(browser, page).await;
}

async fn look(browser: &Chromium, page: &str) {
    assert_eq!(browser.find(FAULTS).await, json!([]), "{page}");
    for scheme in ["dark", "light"] {
        browser.prefers(scheme).await;
        let contrasts = browser.find(CONTRASTS).await;
        let contrasts = contrasts.as_array().unwrap();
        assert!(!contrasts.is_empty(), "{page} says nothing");
        for one in contrasts {
            assert!(one["ratio"].as_f64().unwrap() >= one["least"].as_f64().unwrap(), "{page}, {scheme}: {one}");
        }
    }
    for (screen, size) in SCREENS {
        browser.resize(size).await;
        let (width, height) = browser.extent().await;
        assert!(width <= size.0, "{page} is {width} wide, too much for a {screen} screen");
        let folder = pictures().filter(|_| PICTURED.contains(&page) && PICTURED_ON.contains(&screen));
        if let Some(folder) = folder {
            browser.resize((width, height)).await;
            fs::write(folder.join(format!("{page}-{screen}.png")), browser.picture().await).unwrap();
        }
    }
}
