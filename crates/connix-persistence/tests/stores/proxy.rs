//! A way to the server that can freeze: connections stay open, and nothing comes through any more.

use std::sync::Arc;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

pub(crate) struct Proxy {
    /// Where it listens, on 127.0.0.1.
    pub(crate) port: u16,
    frost: Arc<Notify>,
}

impl Proxy {
    /// Listens for as long as the test's runtime lives, and passes on to `server`.
    pub(crate) async fn to(server: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let frost = Arc::new(Notify::new());
        let each = Arc::clone(&frost);
        tokio::spawn(async move {
            loop {
                let (mut near, _) = listener.accept().await.unwrap();
                let mut far = TcpStream::connect(&server).await.unwrap();
                let frost = Arc::clone(&each);
                tokio::spawn(async move {
                    let frozen = frost.notified();
                    tokio::select! {
                        // either side may end the connection in any way
                        _ = copy_bidirectional(&mut near, &mut far) => {}
                        () = frozen => std::future::pending().await,
                    }
                });
            }
        });
        Self { port, frost }
    }

    /// Freezes the connections that there are; new ones pass.
    pub(crate) fn freeze(&self) {
        self.frost.notify_waiters();
    }
}
