//! A person's browser: keeps cookies, shows pages, sends their forms.

use std::collections::BTreeMap;

use reqwest::Method;

use crate::{Answer, Call, Client, Parameters};

/// A browser with its cookies. It follows nobody unless it is told to.
#[derive(Clone, Debug)]
pub struct Browser {
    client: Client,
    cookies: BTreeMap<String, String>,
}

/// A form of a page, as it is sent when nothing is typed.
#[derive(Clone, Debug)]
pub struct Form {
    /// Where it is sent.
    pub action: String,
    /// Its hidden fields, and what is typed.
    pub fields: Parameters,
}

impl Browser {
    /// A new one, without cookies, for the server that `client` speaks with.
    pub fn new(client: &Client) -> Self {
        Self { client: client.without_credential(), cookies: BTreeMap::new() }
    }

    /// A request as this browser makes it, to be sent with [`Self::send`]: with its cookies.
    pub fn call(&self, method: Method, path: &str) -> Call {
        let call = self.client.call(method, path);
        if self.cookies.is_empty() {
            return call;
        }
        let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        call.header("Cookie", &cookies.join("; "))
    }

    /// Sends a request and keeps the cookies of the answer.
    pub async fn send(&mut self, call: Call) -> Answer {
        let answer = call.send().await;
        for cookie in answer.headers.get_all("set-cookie") {
            let cookie = cookie.to_str().unwrap();
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            if cookie.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        answer
    }

    /// GET, once.
    pub async fn get(&mut self, path: &str) -> Answer {
        let call = self.call(Method::GET, path);
        self.send(call).await
    }

    /// GET, and on to wherever the server leads within itself.
    pub async fn visit(&mut self, path: &str) -> Answer {
        let mut answer = self.get(path).await;
        while let Some(next) = answer.header("location").filter(|next| next.starts_with('/')).map(str::to_owned) {
            answer = self.get(&next).await;
        }
        answer
    }

    /// Sends a form, and follows nobody.
    pub async fn submit(&mut self, form: &Form) -> Answer {
        let call = self.call(Method::POST, &form.action).form(&form.fields);
        self.send(call).await
    }

    /// The value of a cookie.
    pub fn cookie(&self, name: &str) -> Option<&str> {
        self.cookies.get(name).map(String::as_str)
    }

    /// Gives a cookie another value.
    pub fn set_cookie(&mut self, name: &str, value: &str) {
        self.cookies.insert(name.to_owned(), value.to_owned());
    }
}

impl Form {
    /// The same with a field typed, or a button pressed.
    #[must_use]
    pub fn with(self, name: &str, value: &str) -> Self {
        Self { fields: self.fields.with(name, value), ..self }
    }
}

impl Answer {
    /// The forms of a page that must have come with this status, in their order.
    #[track_caller]
    pub fn forms(&self, status: u16) -> Vec<Form> {
        let text = self.text();
        assert_eq!(self.status, status, "{}: {text}", self.title);
        let forms = text.split("<form ").skip(1).map(|rest| rest.split("</form>").next().unwrap());
        forms.map(|form| Form { action: attribute(form, "action").unwrap(), fields: hidden_fields(form) }).collect()
    }

    /// The only form of a page that must have come with this status.
    #[track_caller]
    pub fn form(&self, status: u16) -> Form {
        let mut forms = self.forms(status);
        assert_eq!(forms.len(), 1, "{}: not one form: {}", self.title, self.text());
        forms.remove(0)
    }

    /// What a browser is sent back to an application with; fails the test when it is sent elsewhere.
    #[track_caller]
    pub fn sent_back_to(&self, redirect_uri: &str) -> Parameters {
        assert_eq!(self.status, 303, "{}: {}", self.title, self.text());
        let to = self.header("location").unwrap();
        let behind = to.strip_prefix(redirect_uri).unwrap_or_else(|| panic!("{}: sent to {to}", self.title));
        Parameters::read(behind.strip_prefix(['?', '&']).unwrap())
    }
}

fn hidden_fields(form: &str) -> Parameters {
    let inputs = form.split("<input ").skip(1).map(|rest| rest.split('>').next().unwrap());
    let hidden = inputs.filter(|input| attribute(input, "type").as_deref() == Some("hidden"));
    hidden.fold(Parameters::default(), |fields, input| {
        fields.and(&attribute(input, "name").unwrap(), &attribute(input, "value").unwrap())
    })
}

/// An attribute of the tag that `tag` begins with. Nothing in our hidden fields needs a character reference.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, behind) = tag.split('>').next()?.split_once(&format!("{name}=\""))?;
    let value = behind.split('"').next()?;
    assert!(!value.contains('&'), "{value} is encoded");
    Some(value.to_owned())
}
