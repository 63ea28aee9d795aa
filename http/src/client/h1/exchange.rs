//! One request and the head of its response.

use std::io;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_LENGTH, EXPECT, UPGRADE};
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body::Body as _;

use super::Connection;
use super::body::ResponseBody;
use super::upload::Upload;
use crate::body::Body;
use crate::client::config::ClientTimeouts;
use crate::client::informational::OnInformational;
use crate::clock::Instant;
use crate::error::{Error, Kind, Sent, Timeout};
use crate::h1::encode::NameCase;
use crate::h1::lenient::LenientResponses;
use crate::h1::response::{self, ResponseHead};
use crate::h1::spelling::HeaderCase;
use crate::h1::{Decoder, Fault, Framing, HeadLimits, Scan, Section, encode, has_option};
use crate::limits::{HEAD_BYTES, HEAD_FIELDS, INFORMATIONAL_RESPONSES, OUTPUT_BYTES};
use crate::outbound::Outbound;
use crate::upgrade::{self, Upgraded};

const LIMITS: HeadLimits =
    HeadLimits { bytes_max: HEAD_BYTES, fields_max: HEAD_FIELDS, target_bytes_max: HEAD_BYTES };

/// A request on its way over a connection that it has for itself.
pub(in crate::client) struct Exchange {
    pub(super) connection: Box<Connection>,
    pub(super) upload: Upload,
    method: Method,
    /// The request asks for another protocol on this connection.
    asks_upgrade: bool,
    scan: Scan,
    informational: usize,
    on_informational: Option<OnInformational>,
    /// Whether a byte of the request has been taken by the socket.
    sent: Sent,
    /// Whether a byte of a response has come.
    is_answered: bool,
    /// The client itself wants no other exchange on this connection.
    is_last: bool,
    head_timeout: Option<Duration>,
    write_timeout: Option<Duration>,
    /// What is waited for, and until when. It begins anew with all that is taken of the request.
    waiting: Option<(Waiting, Option<Instant>)>,
    /// When a body that is held back is sent all the same.
    held_until: Option<Instant>,
}

/// What an exchange without a response waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Waiting {
    /// The server is to take what is sent.
    Taking,
    /// The caller's body is to go on, which may take its time.
    Body,
    /// The server is to answer.
    Answer,
}

/// Why an exchange failed, and whether that can be the fault of a connection that had been idle.
pub(in crate::client) struct Failed {
    pub(in crate::client) error: Error,
    /// The connection had served before, and ended before a byte of a response came.
    pub(in crate::client) is_stale: bool,
}

impl Failed {
    /// Whether a request with this method may be sent again: because it surely was not processed, or because a kept
    /// connection turned out to be dead and the method is idempotent.
    pub(in crate::client) fn may_repeat(&self, method: &Method) -> bool {
        let error = &self.error;
        let is_safe = error.is_retry_safe() && !error.is_connect() && !error.is_timeout();
        is_safe || (self.is_stale && method.is_idempotent())
    }
}

impl Exchange {
    /// Queues the head of a request, and takes its body.
    pub(in crate::client) fn new(
        mut connection: Box<Connection>,
        request: &mut Request<Body>,
        timeouts: &ClientTimeouts,
    ) -> Self {
        let framing = request_framing(request);
        // An answer that is older than the request is taken, but the one to the request may still come: it must not become
        // that to another.
        let has_spoken = connection.served == 0 && connection.has_spoken();
        let Connection { output, forwarding, http1, served, .. } = &mut *connection;
        *served += 1;
        let out = output.tail();
        let start = out.len();
        encode::request_head(out, request, framing, forwarding.as_deref());
        if http1.name_case == NameCase::Title {
            encode::title_case(&mut out[start..]);
        }
        let (mut on_informational, extensions) = (None, request.extensions());
        if !extensions.is_empty() {
            if let Some(case) = extensions.get::<HeaderCase>() {
                case.apply(&mut out[start..]);
            }
            on_informational = extensions.get::<OnInformational>().cloned();
        }
        let is_held = request
            .headers()
            .get(EXPECT)
            .is_some_and(|expect| expect.as_bytes().eq_ignore_ascii_case(b"100-continue"));
        let (mut is_last, mut asks_upgrade) = (has_spoken, false);
        for options in request.headers().get_all(CONNECTION) {
            is_last |= has_option(options.as_bytes(), "close");
            asks_upgrade |=
                has_option(options.as_bytes(), "upgrade") && request.headers().contains_key(UPGRADE);
        }
        let method = request.method().clone();
        let upload = match framing {
            None | Some(Framing::Length(0)) => Upload::Done,
            // RFC 9110 §6.5.1: a server that does not know what to do with trailers ignores them.
            Some(framing) if is_held => {
                Upload::Held(std::mem::take(request.body_mut()), Outbound::new(framing, true))
            }
            Some(framing) => {
                Upload::Sending(std::mem::take(request.body_mut()), Outbound::new(framing, true))
            }
        };
        let patience = upload.is_held().then_some(timeouts.expect_continue);
        let held_until = patience.and_then(|patience| Instant::now().checked_add(patience));
        Self {
            upload,
            method,
            asks_upgrade,
            scan: new_scan(&connection.http1.lenient),
            connection,
            informational: 0,
            on_informational,
            sent: Sent::Nothing,
            is_answered: false,
            is_last,
            head_timeout: timeouts.head,
            write_timeout: timeouts.write,
            waiting: None,
            held_until,
        }
    }

    /// The connection it has.
    pub(in crate::client) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Sends the request, and waits for the head of its response.
    pub(in crate::client) fn poll_head(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<ResponseHead, Failed>> {
        loop {
            if let Err(error) = self.drive_upload(cx) {
                return Poll::Ready(Err(self.failed(error)));
            }
            if self.is_headless() {
                return Poll::Ready(Ok(response::headless()));
            }
            match self.scan.advance(self.connection.input.bytes(), &LIMITS) {
                Ok(Some(span)) => {
                    self.connection.input.consume(span.skip);
                    let head = self.connection.input.take_head(span.len);
                    let http1 = &self.connection.http1;
                    self.scan = new_scan(&http1.lenient);
                    let case = http1.preserve_case.then(|| HeaderCase::of_head(&head));
                    match response::parse(head, &self.method, &http1.lenient) {
                        Ok(head) if head.status.is_informational() && !self.is_switch(head.status) => {
                            if let Err(fault) = self.handle_informational(head) {
                                return Poll::Ready(Err(self.failed(Error::new(Kind::Message(fault)))));
                            }
                        }
                        Ok(mut head) => {
                            if let Some(case) = case {
                                head.extensions.insert(case);
                            }
                            if self.upload.is_held() {
                                self.upload.abandon();
                            }
                            return Poll::Ready(Ok(head));
                        }
                        Err(fault) => return Poll::Ready(Err(self.failed(Error::new(Kind::Message(fault))))),
                    }
                    continue;
                }
                Ok(None) => {}
                Err(fault) => return Poll::Ready(Err(self.failed(Error::new(Kind::Message(fault))))),
            }
            let Connection { io, input, .. } = &mut *self.connection;
            let filled = match input.poll_fill(io, cx, None) {
                Poll::Ready(filled) => filled,
                Poll::Pending => match self.poll_clock(cx) {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(None) => continue,
                    Poll::Ready(Some(timeout)) => {
                        return Poll::Ready(Err(self.failed(Error::new(Kind::Timeout(timeout)))));
                    }
                },
            };
            match filled {
                Ok(0) => {
                    let error = Error::io(self.sent, io::ErrorKind::UnexpectedEof.into());
                    return Poll::Ready(Err(self.failed(error)));
                }
                Ok(_) => self.is_answered = true,
                Err(error) => {
                    let error = Error::io(self.sent, error);
                    return Poll::Ready(Err(self.failed(error)));
                }
            }
        }
    }

    /// Looks at the clock while nothing comes: ready with the one that ran out, or with none when a body that was held
    /// back is to be sent.
    fn poll_clock(&mut self, cx: &mut Context<'_>) -> Poll<Option<Timeout>> {
        if let Some(held_until) = self.held_until {
            std::task::ready!(self.connection.deadline.poll(Some(held_until), cx));
            self.held_until = None;
            self.upload.release();
            return Poll::Ready(None);
        }
        let now = match () {
            () if !self.connection.output.is_empty() => Waiting::Taking,
            () if self.upload.is_sending() => Waiting::Body,
            () => Waiting::Answer,
        };
        let due = match self.waiting {
            Some((waiting, due)) if waiting == now => due,
            _ => {
                let timeout = match now {
                    Waiting::Taking => self.write_timeout,
                    Waiting::Body => None,
                    Waiting::Answer => self.head_timeout,
                };
                let due = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
                self.waiting = Some((now, due));
                due
            }
        };
        self.connection.deadline.poll(due, cx).map(|()| match now {
            Waiting::Taking => Some(Timeout::Write),
            Waiting::Body | Waiting::Answer => Some(Timeout::Head),
        })
    }

    /// Whether the server has taken anything of the request since this was asked last.
    pub(super) fn take_progress(&mut self) -> bool {
        let was_waiting = self.waiting.replace((Waiting::Answer, None));
        was_waiting.is_none()
    }

    /// Sends what can be sent of the request.
    ///
    /// # Errors
    ///
    /// When the body fails. A server that takes no more may have answered already, so that is found out by reading.
    pub(super) fn drive_upload(&mut self, cx: &mut Context<'_>) -> Result<(), Error> {
        if self.upload.is_done() && self.connection.output.is_empty() {
            return Ok(());
        }
        loop {
            let framed = self.upload.poll(&mut self.connection.output, cx)?;
            let before = self.connection.output.len();
            let mut progress = false;
            let written = self.connection.poll_flush(cx, &mut progress);
            if progress {
                self.sent = Sent::Something;
                self.waiting = None;
            }
            match written {
                // There is room again for a body that had stopped for lack of it.
                Poll::Ready(Ok(())) if framed.is_pending() && before >= OUTPUT_BYTES => {}
                Poll::Ready(Ok(())) | Poll::Pending => return Ok(()),
                Poll::Ready(Err(_)) => {
                    // Even of a request that was whole in the output the server may have a part only.
                    self.upload = Upload::Dropped;
                    let unsent = self.connection.output.len();
                    self.connection.output.advance(unsent);
                    return Ok(());
                }
            }
        }
    }

    /// Whether a response with this status ends HTTP on the connection, as the request has asked.
    fn is_switch(&self, status: StatusCode) -> bool {
        match self.method {
            Method::CONNECT => status.is_success(),
            _ => self.asks_upgrade && status == StatusCode::SWITCHING_PROTOCOLS,
        }
    }

    /// Whether what has come is a body without a head, and may be (HTTP/0.9).
    fn is_headless(&self) -> bool {
        const BEGINS: &[u8] = b"HTTP/";
        let bytes = self.connection.input.bytes();
        let len = bytes.len().min(BEGINS.len());
        self.connection.http1.lenient.http09 && self.informational == 0 && bytes[..len] != BEGINS[..len]
    }

    fn handle_informational(&mut self, head: ResponseHead) -> Result<(), Fault> {
        let status = head.status;
        self.informational += 1;
        // LIMIT: a server that only ever promises an answer.
        if self.informational > INFORMATIONAL_RESPONSES || status == StatusCode::SWITCHING_PROTOCOLS {
            return Err(Fault::Status);
        }
        if status == StatusCode::CONTINUE {
            self.held_until = None;
            self.upload.release();
        }
        if let Some(told) = &self.on_informational {
            let mut early = Response::new(());
            *early.status_mut() = status;
            *early.version_mut() = head.version;
            *early.headers_mut() = head.headers;
            told.tell(early);
        }
        Ok(())
    }

    fn failed(&self, error: Error) -> Failed {
        let is_stale = error.is_closed() && self.connection.is_reused && !self.is_answered;
        Failed { error, is_stale }
    }

    /// The body of a response that is here as a whole, while nothing of the request is left to be sent.
    fn take_whole(&mut self, framing: Framing) -> Option<Bytes> {
        let Framing::Length(length) = framing else { return None };
        let Connection { input, output, .. } = &mut *self.connection;
        let length = usize::try_from(length).ok()?;
        let is_here = input.bytes().len() >= length && self.upload.is_done() && output.is_empty();
        is_here.then(|| input.take(length))
    }

    /// The response, whose body drives the rest of the exchange.
    pub(in crate::client) fn into_response(
        mut self,
        head: ResponseHead,
        timeouts: &ClientTimeouts,
        due: Option<Instant>,
    ) -> Response<Body> {
        let is_switch = self.is_switch(head.status);
        let is_reusable = head.is_persistent && !self.is_last && self.method != Method::CONNECT;
        let mut extensions = head.extensions;
        let body = if is_switch {
            let Connection { io, input, .. } = *self.connection;
            let rest = Bytes::copy_from_slice(input.bytes());
            // It waits among the extensions; a response that is dropped closes the connection.
            let _ = upgrade::offer(&mut extensions).send(Upgraded::connection(io, rest, None));
            Body::empty()
        } else if head.framing == Framing::Length(0) {
            if is_reusable && self.upload.is_done() {
                self.connection.give_back();
            }
            Body::empty()
        } else if let Some(data) = self.take_whole(head.framing) {
            // It has come with its head: nobody has to read on for the connection to be free.
            if is_reusable {
                self.connection.give_back();
            }
            Body::from(data)
        } else {
            let takes_whitespace = self.connection.http1.lenient.chunk_size_whitespace;
            let decoder = Decoder::new(head.framing).taking_whitespace(takes_whitespace);
            Body::from_boxed(Box::pin(ResponseBody::new(self, decoder, is_reusable, timeouts.body, due)))
        };
        let mut response = Response::new(body);
        *response.status_mut() = head.status;
        *response.version_mut() = head.version;
        *response.headers_mut() = head.headers;
        *response.extensions_mut() = extensions;
        response
    }
}

fn new_scan(lenient: &LenientResponses) -> Scan {
    Scan::new(Section::Head).taking_bare_lf(lenient.bare_line_feeds)
}

/// RFC 9112 §6.3: a request body always says how long it is; methods that expect one say so even if it is empty.
fn request_framing(request: &Request<Body>) -> Option<Framing> {
    let body = request.body();
    match body.size_hint().exact() {
        _ if body.has_known_trailers() => Some(Framing::Chunked),
        Some(0) if body.is_end_stream() => {
            let expects_body = [Method::POST, Method::PUT, Method::PATCH].contains(request.method());
            expects_body.then_some(Framing::Length(0))
        }
        Some(length) => Some(Framing::Length(length)),
        // A length that the caller knows and the body does not; the body is held to it.
        None => Some(declared_length(request.headers()).map_or(Framing::Chunked, Framing::Length)),
    }
}

/// The one length that the fields of a request tell.
fn declared_length(headers: &HeaderMap) -> Option<u64> {
    let mut lengths = headers.get_all(CONTENT_LENGTH).iter();
    let length = lengths.next().filter(|_| lengths.next().is_none())?.as_bytes();
    let is_number = length.iter().all(u8::is_ascii_digit);
    std::str::from_utf8(length).ok().filter(|_| is_number)?.parse().ok()
}
