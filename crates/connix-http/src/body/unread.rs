//! Bodies that nobody reads to their end. actix discards the rest of a chunked one for as long as the client likes to send;
//! a body that is still held when its answer is sent lets it close the connection instead.

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest};
use actix_web::error::PayloadError;
use actix_web::http::header::TRANSFER_ENCODING;
use actix_web::web::Bytes;
use actix_web::{HttpMessage, HttpResponse};
use futures_util::{Stream, StreamExt};
use std::cell::RefCell;
use std::error::Error;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

/// A request's body, held beside whoever reads it.
pub(crate) struct HeldBody(Rc<RefCell<Body>>);

struct Body {
    payload: Payload,
    ended: bool,
}

impl HeldBody {
    /// Takes hold of a chunked body; readers notice nothing. After one of declared length actix closes by itself.
    pub(crate) fn of(request: &mut ServiceRequest) -> Option<Self> {
        if !request.headers().contains_key(TRANSFER_ENCODING) {
            return None;
        }
        let body = Rc::new(RefCell::new(Body { payload: request.take_payload(), ended: false }));
        request.set_payload(Payload::Stream { payload: Reader(Rc::clone(&body)).boxed_local() });
        Some(Self(body))
    }

    /// Keeps a body that was not read to its end until the answer's own body is sent.
    pub(crate) fn outlive(self, answer: HttpResponse) -> HttpResponse {
        if self.0.borrow().ended {
            return answer;
        }
        answer.map_body(|_, body| BoxBody::new(Answer { body, _held: self }))
    }
}

/// An answer's body that holds its request's.
struct Answer {
    body: BoxBody,
    _held: HeldBody,
}

impl MessageBody for Answer {
    type Error = Box<dyn Error>;

    fn size(&self) -> BodySize {
        self.body.size()
    }
    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.body).poll_next(context)
    }
}

/// The body as its reader sees it.
struct Reader(Rc<RefCell<Body>>);

impl Stream for Reader {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut body = self.0.borrow_mut();
        let next = body.payload.poll_next_unpin(context);
        if matches!(next, Poll::Ready(None | Some(Err(_)))) {
            body.ended = true;
        }
        next
    }
}
