//! The client against servers that follow a script, good or bad.

use std::future::{Future, poll_fn};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use h2::server::SendResponse;
use h2::{Reason, RecvStream};
use http::{HeaderMap, Request, Response};
use minato_grpc::client::Channel;
use minato_grpc::{Code, Result};
use minato_http::Client;
use minato_runtime::io::duplex;
use minato_runtime::io::tokio_compat::Compat;
use minato_runtime::sync::{Mutex, oneshot};

use crate::generated::{EchoClient, Msg};
use crate::kit::{frame, msg, run};

type Script = SendResponse<Bytes>;

/// A client whose every connection leads to a server that runs `script` for each request.
fn client<F, Fut>(script: F) -> EchoClient
where
    F: Fn(Request<RecvStream>, Script) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = ()> + Send + 'static,
{
    let client = Client::builder()
        .connector(move |_| {
            let script = script.clone();
            async move {
                let (ours, theirs) = duplex(1 << 20);
                drop(minato_runtime::spawn(async move {
                    let Ok(mut connection) = h2::server::handshake(Compat::new(theirs)).await else { return };
                    while let Some(Ok((request, respond))) = connection.accept().await {
                        drop(minato_runtime::spawn(script(request, respond)));
                    }
                }));
                Ok(ours)
            }
        })
        .build();
    EchoClient::new(Channel::with_client(client, "http://scripted").unwrap())
}

/// What a scripted server answers.
#[derive(Debug, Clone, Default)]
struct Answer {
    status: u16,
    head: Vec<(&'static str, &'static str)>,
    /// The head ends the stream.
    is_bare: bool,
    data: Vec<Bytes>,
    /// None: the last data end the stream.
    trailers: Option<Vec<(&'static str, &'static str)>>,
}

fn grpc() -> Answer {
    Answer { status: 200, head: vec![("content-type", "application/grpc")], ..Answer::default() }
}

impl Answer {
    fn head(mut self, name: &'static str, value: &'static str) -> Self {
        self.head.push((name, value));
        self
    }

    fn bare(self) -> Self {
        Self { is_bare: true, ..self }
    }

    fn data(mut self, data: impl Into<Bytes>) -> Self {
        self.data.push(data.into());
        self
    }

    fn trailers(self, trailers: &[(&'static str, &'static str)]) -> Self {
        Self { trailers: Some(trailers.to_vec()), ..self }
    }

    fn send(&self, mut respond: Script) {
        let mut head = Response::builder().status(self.status);
        for (name, value) in &self.head {
            head = head.header(*name, *value);
        }
        let mut send = respond.send_response(head.body(()).unwrap(), self.is_bare).unwrap();
        if self.is_bare {
            return;
        }
        for (index, data) in self.data.iter().enumerate() {
            let is_last = self.trailers.is_none() && index + 1 == self.data.len();
            send.send_data(data.clone(), is_last).unwrap();
        }
        match &self.trailers {
            Some(fields) => {
                let mut trailers = HeaderMap::new();
                for (name, value) in fields {
                    trailers.append(*name, value.parse().unwrap());
                }
                send.send_trailers(trailers).unwrap();
            }
            None if self.data.is_empty() => send.send_data(Bytes::new(), true).unwrap(),
            None => {}
        }
    }
}

/// Reads a request to its end and says what ended it.
async fn end(body: &mut RecvStream) -> std::result::Result<Vec<u8>, h2::Error> {
    let mut data = Vec::new();
    while let Some(piece) = body.data().await {
        let piece = piece?;
        body.flow_control().release_capacity(piece.len())?;
        data.extend_from_slice(&piece);
    }
    Ok(data)
}

fn answering(answer: Answer) -> EchoClient {
    client(move |mut request, respond| {
        let answer = answer.clone();
        async move {
            end(request.body_mut()).await.unwrap();
            answer.send(respond);
        }
    })
}

async fn unary(answer: Answer) -> Result<Msg> {
    answering(answer).unary(msg("ask")).await
}

const OK: &[(&str, &str)] = &[("grpc-status", "0")];
const FAILED: &[(&str, &str)] = &[("grpc-status", "9"), ("grpc-message", "no%20way")];

#[test]
fn a_good_answer_is_one() {
    run(async {
        let reply = unary(grpc().data(frame(&msg("reply"))).trailers(OK)).await.unwrap();
        assert_eq!(reply.text, "reply");
    });
}

#[test]
fn every_bad_answer_has_its_code() {
    run(async {
        let reply = || frame(&msg("reply"));
        let html = || Bytes::from_static(b"<html>no</html>");
        let page = |status| Answer { status, head: vec![("content-type", "text/html")], ..Answer::default() };
        let cut = || reply().slice(..reply().len() - 2);
        let table = [
            ("http_503_body", page(503).data(html()), Code::Unavailable),
            ("http_404", page(404).data(html()), Code::Unimplemented),
            ("http_200_html", page(200).data(html()), Code::Unknown),
            ("headers_end_no_status", grpc().bare(), Code::Unknown),
            ("data_end_no_trailers", grpc().data(reply()), Code::Unknown),
            ("trailers_without_status", grpc().data(reply()).trailers(&[("a", "b")]), Code::Unknown),
            ("trailers_only_error", grpc().head("grpc-status", "9").bare(), Code::FailedPrecondition),
            ("trailers_only_ok_unary", grpc().head("grpc-status", "0").bare(), Code::Unimplemented),
            ("ok_no_message_unary", grpc().trailers(OK), Code::Unimplemented),
            ("two_messages_unary", grpc().data(reply()).data(reply()).trailers(OK), Code::Unimplemented),
            ("message_then_error", grpc().data(reply()).trailers(FAILED), Code::FailedPrecondition),
            (
                "status_in_headers_and_trailers",
                grpc().head("grpc-status", "8").data(reply()).trailers(FAILED),
                Code::FailedPrecondition,
            ),
            ("status_in_headers_no_trailers", grpc().head("grpc-status", "8").data(reply()), Code::Unknown),
            ("status_abc", grpc().data(reply()).trailers(&[("grpc-status", "abc")]), Code::Unknown),
            ("status_99", grpc().data(reply()).trailers(&[("grpc-status", "99")]), Code::Unknown),
            ("truncated_message", grpc().data(cut()).trailers(OK), Code::Internal),
            ("truncated_message_error", grpc().data(cut()).trailers(FAILED), Code::FailedPrecondition),
            ("bad_proto", grpc().data(&[0, 0, 0, 0, 2, 0xff, 0xff][..]).trailers(OK), Code::Internal),
            ("flag_2", grpc().data(&[2, 0, 0, 0, 0][..]).trailers(OK), Code::Internal),
            ("flag_without_encoding", grpc().data(&[1, 0, 0, 0, 0][..]).trailers(OK), Code::Internal),
            (
                "unknown_encoding",
                grpc().head("grpc-encoding", "foo").data(&[1, 0, 0, 0, 0][..]).trailers(OK),
                Code::Internal,
            ),
            ("announce_2gib", grpc().data(&[0, 0x80, 0, 0, 0][..]).trailers(OK), Code::ResourceExhausted),
        ];
        for (what, answer, code) in table {
            assert_eq!(unary(answer).await.unwrap_err().code(), code, "{what}");
        }
    });
}

#[test]
fn a_status_message_is_decoded_as_well_as_it_can_be() {
    run(async {
        let table = [("no%20way", "no way"), ("%e2%98%ba", "☺"), ("100%", "100%"), ("%ff!", "\u{fffd}!")];
        for (sent, expected) in table {
            let answer =
                grpc().data(frame(&msg(""))).trailers(&[("grpc-status", "9"), ("grpc-message", sent)]);
            let status = unary(answer).await.unwrap_err();
            assert_eq!((status.code(), status.message()), (Code::FailedPrecondition, expected));
        }
    });
}

#[test]
fn an_encoding_that_is_declared_and_not_used_does_no_harm() {
    run(async {
        let answer = grpc().head("grpc-encoding", "gzip").data(frame(&msg("plain"))).trailers(OK);
        assert_eq!(unary(answer).await.unwrap().text, "plain");
    });
}

#[test]
fn a_stream_may_be_empty_and_trailers_only() {
    run(async {
        let mut stream = answering(grpc().head("grpc-status", "0").bare()).expand(msg("")).await.unwrap();
        assert_eq!(stream.next().await.unwrap(), None);
    });
}

#[test]
fn messages_before_an_error_are_given_out() {
    run(async {
        let answer = grpc().data(frame(&msg("one"))).data(frame(&msg("two"))).trailers(FAILED);
        let mut stream = answering(answer).expand(msg("")).await.unwrap();
        assert_eq!(stream.next().await.unwrap().unwrap().text, "one");
        assert_eq!(stream.next().await.unwrap().unwrap().text, "two");
        let status = stream.next().await.unwrap_err();
        assert_eq!((status.code(), status.message()), (Code::FailedPrecondition, "no way"));
    });
}

#[test]
fn resets_have_their_codes() {
    run(async {
        let table = [
            (Reason::NO_ERROR, Code::Internal),
            (Reason::PROTOCOL_ERROR, Code::Internal),
            (Reason::INTERNAL_ERROR, Code::Internal),
            (Reason::FLOW_CONTROL_ERROR, Code::Internal),
            (Reason::SETTINGS_TIMEOUT, Code::Internal),
            (Reason::FRAME_SIZE_ERROR, Code::Internal),
            (Reason::REFUSED_STREAM, Code::Unavailable),
            (Reason::CANCEL, Code::Cancelled),
            (Reason::COMPRESSION_ERROR, Code::Internal),
            (Reason::CONNECT_ERROR, Code::Internal),
            (Reason::ENHANCE_YOUR_CALM, Code::ResourceExhausted),
            (Reason::INADEQUATE_SECURITY, Code::PermissionDenied),
        ];
        for (reason, code) in table {
            let client = client(move |mut request, mut respond: Script| async move {
                end(request.body_mut()).await.unwrap();
                respond.send_reset(reason);
            });
            assert_eq!(client.unary(msg("")).await.unwrap_err().code(), code, "{reason:?}");
        }
    });
}

#[test]
fn a_reset_in_the_middle_is_never_ok() {
    run(async {
        let client = client(|mut request: Request<RecvStream>, mut respond: Script| async move {
            end(request.body_mut()).await.unwrap();
            let head = Response::builder().header("content-type", "application/grpc").body(()).unwrap();
            let mut send = respond.send_response(head, false).unwrap();
            send.send_data(frame(&msg("whole")), false).unwrap();
            send.send_reset(Reason::INTERNAL_ERROR);
        });
        assert_eq!(client.unary(msg("")).await.unwrap_err().code(), Code::Internal);
    });
}

#[test]
fn a_refused_call_is_made_again() {
    run(async {
        let calls = Arc::new(AtomicUsize::new(0));
        let seen = calls.clone();
        let client = client(move |mut request: Request<RecvStream>, mut respond: Script| {
            let is_first = seen.fetch_add(1, Ordering::Relaxed) == 0;
            async move {
                if is_first {
                    return respond.send_reset(Reason::REFUSED_STREAM);
                }
                end(request.body_mut()).await.unwrap();
                grpc().data(frame(&msg("second"))).trailers(OK).send(respond);
            }
        });
        assert_eq!(client.unary(msg("")).await.unwrap().text, "second");
        assert_eq!(calls.load(Ordering::Relaxed), 2);
    });
}

#[test]
fn a_connection_that_ends_is_unavailable() {
    run(async {
        let client = Client::builder()
            .connector(|_| async {
                let (ours, theirs) = duplex(1 << 16);
                drop(minato_runtime::spawn(async move {
                    let mut connection = h2::server::handshake(Compat::new(theirs)).await.unwrap();
                    let _request = connection.accept().await;
                }));
                Ok(ours)
            })
            .build();
        let client = EchoClient::new(Channel::with_client(client, "http://gone").unwrap());
        assert_eq!(client.unary(msg("")).await.unwrap_err().code(), Code::Unavailable);
    });
}

/// A script that hands each request to the test.
fn handing_over() -> (EchoClient, impl AsyncFn() -> (Request<RecvStream>, Script)) {
    let (give, take) = minato_runtime::sync::mpsc::unbounded_channel();
    let client = client(move |request, respond| {
        let give = give.clone();
        async move { drop(give.send((request, respond))) }
    });
    let take = Mutex::new(take);
    (client, async move || take.lock().await.recv().await.unwrap())
}

#[test]
fn a_request_is_what_the_protocol_asks_for() {
    run(async {
        let (client, next) = handing_over();
        let call = minato_runtime::spawn(async move {
            client.unary(msg("ask")).timeout(Duration::from_secs(7)).metadata("mine", "1").await
        });
        let (request, respond) = next().await;
        let (parts, mut body) = request.into_parts();
        assert_eq!((parts.method.as_str(), parts.uri.path()), ("POST", "/minato.test.Echo/Unary"));
        assert_eq!(parts.uri.authority().unwrap(), "scripted");
        let names: Vec<_> = parts.headers.keys().map(|name| name.as_str()).collect();
        assert_eq!(names[..5], ["grpc-timeout", "te", "content-type", "user-agent", "mine"]);
        assert_eq!(parts.headers["te"], "trailers");
        assert_eq!(parts.headers["content-type"], "application/grpc");
        assert!(parts.headers["user-agent"].to_str().unwrap().starts_with("grpc-rust-minato/"));
        assert_eq!(parts.headers["grpc-timeout"], "7000000u");
        assert!(!body.is_end_stream(), "the data end the stream, not the head");
        assert_eq!(end(&mut body).await.unwrap(), frame(&msg("ask")));
        grpc().data(frame(&msg("reply"))).trailers(OK).send(respond);
        assert_eq!(call.await.unwrap().unwrap().text, "reply");
    });
}

#[test]
fn a_deadline_resets_the_stream() {
    run(async {
        let (client, next) = handing_over();
        let call =
            minato_runtime::spawn(
                async move { client.unary(msg("")).timeout(Duration::from_millis(300)).await },
            );
        let (_request, mut respond) = next().await;
        assert_eq!(call.await.unwrap().unwrap_err().code(), Code::DeadlineExceeded);
        let reason = poll_fn(|cx| respond.poll_reset(cx)).await.unwrap();
        assert_eq!(reason, Reason::CANCEL);
    });
}

#[test]
fn a_server_that_cancels_at_the_deadline_reads_as_the_deadline() {
    run(async {
        let client = client(|_request, mut respond: Script| async move {
            minato_runtime::time::sleep(Duration::from_millis(300)).await;
            respond.send_reset(Reason::CANCEL);
        });
        let status = client.unary(msg("")).timeout(Duration::from_millis(300)).await.unwrap_err();
        assert_eq!(status.code(), Code::DeadlineExceeded);
    });
}

#[test]
fn a_dropped_call_resets_the_stream() {
    run(async {
        let (client, next) = handing_over();
        let call = minato_runtime::spawn(async move { client.unary(msg("")).await });
        let (_request, mut respond) = next().await;
        call.abort();
        assert_eq!(poll_fn(|cx| respond.poll_reset(cx)).await.unwrap(), Reason::CANCEL);
    });
}

#[test]
fn a_dropped_upload_resets_the_stream_and_never_ends_it() {
    run(async {
        let (client, next) = handing_over();
        let mut upload = client.collect().await.unwrap();
        upload.send(msg("half")).await.unwrap();
        let (mut request, _respond) = next().await;
        let first = request.body_mut().data().await.unwrap().unwrap();
        assert_eq!(first, frame(&msg("half")));
        drop(upload);
        let error = end(request.body_mut()).await.unwrap_err();
        assert_eq!(error.reason(), Some(Reason::CANCEL));
    });
}

#[test]
fn a_finished_upload_ends_its_stream() {
    run(async {
        let (client, next) = handing_over();
        let (done, finished) = oneshot::channel();
        drop(minato_runtime::spawn(async move {
            let mut upload = client.collect().await.unwrap();
            upload.send(msg("all")).await.unwrap();
            let _ = done.send(upload.finish().await);
        }));
        let (mut request, respond) = next().await;
        assert_eq!(end(request.body_mut()).await.unwrap(), frame(&msg("all")));
        grpc().data(frame(&msg("thanks"))).trailers(OK).send(respond);
        assert_eq!(finished.await.unwrap().unwrap().text, "thanks");
    });
}

#[test]
fn a_server_that_ends_an_upload_early_is_heard() {
    run(async {
        let client = client(|_request, respond| async move {
            let answer = grpc().trailers(FAILED);
            answer.send(respond);
        });
        let mut upload = client.collect().await.unwrap();
        let status = loop {
            let message = Msg { blob: vec![0; 10_000].into(), ..Msg::default() };
            if let Err(status) = upload.send(message).await {
                break status;
            }
        };
        assert_eq!(status.code(), Code::FailedPrecondition);
    });
}
