//! Streamable HTTP whose messages are counted.

use std::collections::HashMap;
use std::sync::Arc;

use connix_outbound::{Moved, Traffic};
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use reqwest::header::{HeaderName, HeaderValue};
use rmcp::model::ClientJsonRpcMessage;
use rmcp::transport::streamable_http_client::{
    SseError, StreamableHttpClient, StreamableHttpError, StreamableHttpPostResponse,
};
use sse_stream::Sse;

type Answer<T> = Result<T, StreamableHttpError<reqwest::Error>>;
type Events = BoxStream<'static, Result<Sse, SseError>>;
type Headers = HashMap<HeaderName, HeaderValue>;

/// A client that counts the messages it moves, not their heads.
#[derive(Clone)]
pub(super) struct CountedHttp {
    pub(super) client: reqwest::Client,
    pub(super) traffic: Traffic,
}

impl CountedHttp {
    fn received(&self, bytes: usize) {
        self.traffic.add(Moved { received: bytes as u64, sent: 0 });
    }

    fn counted(&self, events: Events) -> Events {
        let this = self.clone();
        let size = |event: &Sse| event.data.as_ref().map_or(0, String::len);
        events.inspect(move |event| this.received(event.as_ref().map_or(0, size))).boxed()
    }
}

impl StreamableHttpClient for CountedHttp {
    type Error = reqwest::Error;

    async fn post_message(
        &self,
        uri: Arc<str>,
        message: ClientJsonRpcMessage,
        session_id: Option<Arc<str>>,
        auth_header: Option<String>,
        custom_headers: Headers,
    ) -> Answer<StreamableHttpPostResponse> {
        let most = super::MOST_BYTES;
        self.post_message_with_max_sse_event_size(uri, message, session_id, auth_header, custom_headers, most).await
    }

    async fn post_message_with_max_sse_event_size(
        &self,
        uri: Arc<str>,
        message: ClientJsonRpcMessage,
        session_id: Option<Arc<str>>,
        auth_header: Option<String>,
        custom_headers: Headers,
        most: usize,
    ) -> Answer<StreamableHttpPostResponse> {
        self.traffic.add(Moved { received: 0, sent: size(&message) });
        let client = &self.client;
        let answer =
            client.post_message_with_max_sse_event_size(uri, message, session_id, auth_header, custom_headers, most);
        Ok(match answer.await? {
            StreamableHttpPostResponse::Json(message, session) => {
                self.traffic.add(Moved { received: size(&message), sent: 0 });
                StreamableHttpPostResponse::Json(message, session)
            }
            StreamableHttpPostResponse::Sse(events, session) => {
                StreamableHttpPostResponse::Sse(self.counted(events), session)
            }
            other => other,
        })
    }

    async fn delete_session(
        &self,
        uri: Arc<str>,
        session_id: Arc<str>,
        auth_header: Option<String>,
        custom_headers: Headers,
    ) -> Answer<()> {
        self.client.delete_session(uri, session_id, auth_header, custom_headers).await
    }

    async fn get_stream(
        &self,
        uri: Arc<str>,
        session_id: Option<Arc<str>>,
        last_event_id: Option<String>,
        auth_header: Option<String>,
        custom_headers: Headers,
    ) -> Answer<Events> {
        let most = super::MOST_BYTES;
        self.get_stream_with_max_sse_event_size(uri, session_id, last_event_id, auth_header, custom_headers, most).await
    }

    async fn get_stream_with_max_sse_event_size(
        &self,
        uri: Arc<str>,
        session_id: Option<Arc<str>>,
        last_event_id: Option<String>,
        auth_header: Option<String>,
        custom_headers: Headers,
        most: usize,
    ) -> Answer<Events> {
        let client = &self.client;
        let events = client.get_stream_with_max_sse_event_size(
            uri,
            session_id,
            last_event_id,
            auth_header,
            custom_headers,
            most,
        );
        Ok(self.counted(events.await?))
    }
}

fn size(message: &impl serde::Serialize) -> u64 {
    serde_json::to_vec(message).map_or(0, |bytes| bytes.len() as u64)
}
