//! A way to a server that can freeze: connections stay open, and nothing comes through any more, as when a network or a
//! machine stands still.

use tokio::io::{AsyncRead, AsyncWrite, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// A running proxy; it passes on for as long as the test's runtime lives.
pub struct Proxy {
    port: u16,
    weather: watch::Sender<Weather>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Weather {
    /// Rises with each frost: what was connected before it stands still for ever.
    frosts: u64,
    /// Whether new connections wait too.
    lasting: bool,
}

impl Proxy {
    /// Listens on a free port of 127.0.0.1, and passes on to `server`, `host:port`.
    ///
    /// # Errors
    /// When no port is free.
    pub async fn to(server: String) -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let port = listener.local_addr()?.port();
        let weather = watch::Sender::new(Weather::default());
        let forecast = weather.clone();
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                tokio::spawn(pass(near, server.clone(), forecast.subscribe()));
            }
        });
        Ok(Self { port, weather })
    }

    /// Where it listens, on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Freezes the connections that there are; new ones pass.
    pub fn freeze(&self) {
        self.weather.send_modify(|weather| weather.frosts += 1);
    }

    /// Freezes the connections that there are, and new ones until [`Self::thaw`].
    pub fn cut(&self) {
        self.weather.send_modify(|weather| *weather = Weather { frosts: weather.frosts + 1, lasting: true });
    }

    /// Lets new connections pass again.
    pub fn thaw(&self) {
        self.weather.send_modify(|weather| weather.lasting = false);
    }
}

async fn pass(mut near: impl AsyncRead + AsyncWrite + Unpin, server: String, mut weather: watch::Receiver<Weather>) {
    let Ok(frosts) = weather.wait_for(|weather| !weather.lasting).await.map(|weather| weather.frosts) else { return };
    let Ok(mut far) = TcpStream::connect(&server).await else { return };
    let frozen = async { weather.wait_for(|weather| weather.frosts > frosts).await.map(drop) };
    tokio::select! {
        // either side may end the connection in any way
        _ = copy_bidirectional(&mut near, &mut far) => return,
        _ = frozen => {}
    }
    std::future::pending::<()>().await;
}
