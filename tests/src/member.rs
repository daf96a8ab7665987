//! Members who can sign in.

use crate::{Answer, Browser, Client, Server, Tenant, unique};

/// A member with a password.
#[derive(Clone, Debug)]
pub struct Member {
    /// `user_…`
    pub id: String,
    /// How it signs in.
    pub email: String,
    /// What it types.
    pub password: String,
}

impl Server {
    /// A new member of `organisation` (name or id): `viewer`, `member`, `admin` or `owner`.
    pub fn member(&self, organisation: &str, role: &str) -> Member {
        self.member_at(organisation, role, &format!("{}@example.com", unique("member")))
    }

    /// The same with this address.
    pub fn member_at(&self, organisation: &str, role: &str, email: &str) -> Member {
        let password = format!("{} slow otters count to forty", unique("seven"));
        let arguments = ["members", "create", "--org", organisation, "--email", email, "--role", role];
        let output = self.installation.run_with_input(&arguments, &format!("{password}\n"));
        assert_eq!(output.code, Some(0), "`connix {}`: {output:?}", arguments.join(" "));
        Member { id: output.stdout.trim().to_owned(), email: email.to_owned(), password }
    }

    /// A browser at which nobody has signed in.
    pub fn browser(&self) -> Browser {
        Browser::new(&self.anonymous())
    }

    /// A browser at which `member` has signed in.
    pub async fn browser_of(&self, member: &Member) -> Browser {
        let mut browser = self.browser();
        let page = browser.visit("/console/sign-in").await;
        let answer = browser.sign_in(&page, member).await;
        assert_eq!(answer.status, 303, "{}: {}", answer.title, answer.text());
        browser
    }

    /// Speaks for `member` of `tenant` with an access token for `scope` (`"read"`, `"read write"`), which the member has let an
    /// application have.
    pub async fn with_access_token(&self, tenant: &Tenant, member: &Member, scope: &str) -> Client {
        let application = tenant.client.application("public").await;
        let tokens = application.tokens(&mut self.browser_of(member).await, scope).await;
        self.client_with_token(&tokens.access)
    }
}

impl Browser {
    /// Fills in the sign-in form of `page` for `member`, and sends it.
    pub async fn sign_in(&mut self, page: &Answer, member: &Member) -> Answer {
        let form = page.form(200).with("email", &member.email).with("password", &member.password);
        self.submit(&form).await
    }
}
