//! Sessions with the server: where it is, whether the way there is encrypted, and how a session is set up.

use super::tls;
use crate::open_error::OpenError;
use diesel::ConnectionError;
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use futures_util::StreamExt;
use futures_util::stream::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio_postgres::config::{SslMode, TargetSessionAttrs};
use tokio_postgres::tls::{MakeTlsConnect, TlsStream};
use tokio_postgres::{AsyncMessage, Client, Config, Connection, NoTls, Socket};
use tokio_postgres_rustls::MakeRustlsConnect;

/// No statement runs longer, no lock is waited for longer, no transaction is left open longer (`reliability.md` 2.15).
const LIMITS: &str =
    "SET statement_timeout = '5s'; SET lock_timeout = '2s'; SET idle_in_transaction_session_timeout = '10s'";

/// Row-level security shows a session nothing until it says for whom it works: the service works for every organisation, and which
/// it is at a time its statements say (docs/adr/0016-third-wall.md).
const FOR_ALL: &str = "SET app.org = '*'";

/// What only some roles may set, one by one. English messages, because some errors are told by them; deadlocks are found
/// sooner, because units of other replicas can run into one.
const WISHES: [&str; 2] = ["SET lc_messages = 'C'", "SET deadlock_timeout = '100ms'"];

/// Migrations take as long as they take, but whoever else migrates or holds a table is not waited for without end.
const MIGRATION_LIMITS: &str = "SET lock_timeout = '60s'";

/// How long the whole of connecting may take.
const PATIENCE: Duration = Duration::from_secs(3);

/// How a session is used.
#[derive(Debug, Clone, Copy)]
pub(super) enum Purpose {
    /// Short statements of the running service.
    Service,
    /// Migrations, which take as long as they take.
    Migration,
}

/// Where the server is, and how to speak to it.
pub(super) struct Address {
    config: Config,
    tls: Option<MakeRustlsConnect>,
}

/// A session, and whether the connection that it needs has ended.
pub(super) struct Session {
    pub(super) connection: AsyncPgConnection,
    ended: Arc<AtomicBool>,
}

impl Session {
    pub(super) fn has_ended(&self) -> bool {
        self.ended.load(Ordering::Relaxed)
    }
}

impl Address {
    /// Reads a URL. `sslmode` is `disable`, `prefer` (the default) or `require`, which ask for no certificate that can be
    /// verified, or `verify-full`, which does.
    ///
    /// # Errors
    /// [`OpenError::Connection`] without the URL, which holds a password.
    pub(super) fn parse(url: &str) -> Result<Self, OpenError> {
        let invalid = |why: String| OpenError::Connection(format!("in the database URL: {why}"));
        let (url, sslmode) = without_sslmode(url);
        let mut config: Config = url.parse().map_err(|e: tokio_postgres::Error| invalid(e.to_string()))?;
        let (mode, tls) = match sslmode.as_deref() {
            Some("disable") => (SslMode::Disable, None),
            None | Some("prefer") => (SslMode::Prefer, Some(tls::encrypted())),
            Some("require") => (SslMode::Require, Some(tls::encrypted())),
            Some("verify-full") => (SslMode::Require, Some(tls::verified())),
            Some(_) => return Err(invalid("sslmode is one of disable, prefer, require, verify-full".to_owned())),
        };
        config.ssl_mode(mode);
        config.target_session_attrs(TargetSessionAttrs::ReadWrite);
        config.tcp_user_timeout(PATIENCE).keepalives_idle(Duration::from_secs(30));
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(Duration::from_secs(2));
        }
        if config.get_application_name().is_none() {
            config.application_name("connix");
        }
        let tls = tls.transpose().map_err(|e| invalid(format!("TLS cannot be set up: {e}")))?;
        Ok(Self { config, tls })
    }

    /// Opens a session on the runtime that this runs on.
    pub(super) async fn connect(&self, purpose: Purpose) -> Result<Session, ConnectionError> {
        self.open(purpose, None).await
    }

    /// Opens a session that hears what is told on a channel. When it is lost, nothing more comes.
    pub(super) async fn listen(&self, channel: &str) -> Result<(Session, UnboundedReceiver<String>), ConnectionError> {
        let (told, heard) = unbounded_channel();
        let mut session = self.open(Purpose::Service, Some(told)).await?;
        let listens = session.connection.batch_execute(&format!("LISTEN {channel}")).await;
        listens.map_err(ConnectionError::CouldntSetupConfiguration)?;
        Ok((session, heard))
    }

    async fn open(&self, purpose: Purpose, told: Option<UnboundedSender<String>>) -> Result<Session, ConnectionError> {
        let opening = async {
            match &self.tls {
                Some(tls) => self.session(tls.clone(), purpose, told).await,
                None => self.session(NoTls, purpose, told).await,
            }
        };
        let late = |_| ConnectionError::BadConnection(format!("no session within {} s", PATIENCE.as_secs()));
        tokio::time::timeout(PATIENCE, opening).await.map_err(late)?
    }

    async fn session<T>(
        &self,
        tls: T,
        purpose: Purpose,
        told: Option<UnboundedSender<String>>,
    ) -> Result<Session, ConnectionError>
    where
        T: MakeTlsConnect<Socket, Stream: Send + 'static>,
        T::Stream: TlsStream,
    {
        let bad = |e: tokio_postgres::Error| ConnectionError::BadConnection(causes(&e));
        let (client, traffic) = self.config.connect(tls).await.map_err(bad)?;
        let ended = Arc::new(AtomicBool::new(false));
        let over = Arc::clone(&ended);
        tokio::spawn(async move {
            if let Err(error) = carry(traffic, told).await {
                tracing::info!(error = causes(&error), "a connection to PostgreSQL ended");
            }
            over.store(true, Ordering::Relaxed);
        });
        prepare(&client, purpose).await.map_err(bad)?;
        Ok(Session { connection: AsyncPgConnection::try_from(client).await?, ended })
    }
}

/// Carries a connection's traffic until it ends, and passes on what it is told beside the answers.
async fn carry<S: TlsStream + Unpin>(
    mut traffic: Connection<Socket, S>,
    told: Option<UnboundedSender<String>>,
) -> Result<(), tokio_postgres::Error> {
    let mut messages = poll_fn(move |context| traffic.poll_message(context));
    while let Some(message) = messages.next().await {
        if let (AsyncMessage::Notification(news), Some(told)) = (message?, &told) {
            // nobody listens any more when the session is about to be dropped
            _ = told.send(news.payload().to_owned());
        }
    }
    Ok(())
}

async fn prepare(client: &Client, purpose: Purpose) -> Result<(), tokio_postgres::Error> {
    let limits = match purpose {
        Purpose::Service => LIMITS,
        Purpose::Migration => MIGRATION_LIMITS,
    };
    client.batch_execute(&format!("{limits}; {FOR_ALL}")).await?;
    for wish in WISHES {
        if let Err(error) = client.batch_execute(wish).await {
            tracing::debug!(error = causes(&error), wish, "the role may not set this");
        }
    }
    Ok(())
}

/// An error with what is behind it: the outermost alone says only "db error".
fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

/// Takes `sslmode` out of a URL: the driver does not know all its values.
fn without_sslmode(url: &str) -> (String, Option<String>) {
    let Some((address, parameters)) = url.split_once('?') else { return (url.to_owned(), None) };
    let (modes, others): (Vec<_>, Vec<_>) = parameters.split('&').partition(|p| p.starts_with("sslmode="));
    let mode = modes.last().and_then(|mode| mode.split_once('=')).map(|(_, mode)| mode.to_owned());
    (format!("{address}?{}", others.join("&")), mode)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_documented_sslmode_is_understood_and_no_other() {
        let mode = |parameters: &str| {
            let address = Address::parse(&format!("postgres://u@h/d{parameters}"));
            address.map(|a| (a.config.get_ssl_mode(), a.tls.is_some())).ok()
        };
        assert_eq!(mode(""), Some((SslMode::Prefer, true)));
        assert_eq!(mode("?sslmode=disable"), Some((SslMode::Disable, false)));
        assert_eq!(mode("?application_name=x&sslmode=prefer"), Some((SslMode::Prefer, true)));
        assert_eq!(mode("?sslmode=require&connect_timeout=1"), Some((SslMode::Require, true)));
        assert_eq!(mode("?sslmode=verify-full"), Some((SslMode::Require, true)));
        assert_eq!(mode("?sslmode=verify-ca"), None);
    }

    #[test]
    fn what_the_url_says_goes_before_the_defaults() {
        let address = Address::parse("postgres://u@h/d?connect_timeout=9&application_name=own").unwrap();
        assert_eq!(address.config.get_connect_timeout(), Some(&Duration::from_secs(9)));
        assert_eq!(address.config.get_application_name(), Some("own"));
    }

    #[test]
    fn a_bad_url_is_not_repeated_in_its_error() {
        let error = Address::parse("postgres://u:hunter2@h/d?nonsense=1").err().map(|e| e.to_string());
        assert!(error.is_some_and(|text| !text.contains("hunter2")));
    }
}
