//! The service of the tests: it does what a request wishes.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::stream;
use minato_grpc::{Cx, Inbound, Metadata, Outbound, Result, Status};
use minato_runtime::time::sleep;

use crate::generated::{Echo, Msg};

#[derive(Debug, Clone, Default)]
pub(crate) struct MyEcho {
    pub(crate) log: Arc<Log>,
}

/// What the handlers did.
#[derive(Debug, Default)]
pub(crate) struct Log {
    pub(crate) started: AtomicUsize,
    pub(crate) dropped: AtomicUsize,
    /// Tasks outside the handlers that saw their call end.
    pub(crate) cancelled: AtomicUsize,
}

/// Counts a handler that was dropped.
struct Running<'a>(&'a Log);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.dropped.fetch_add(1, Ordering::Relaxed);
    }
}

impl MyEcho {
    fn running(&self) -> Running<'_> {
        self.log.started.fetch_add(1, Ordering::Relaxed);
        Running(&self.log)
    }

    /// What every method does before it does its own.
    async fn grant(&self, cx: &mut Cx<'_>, wish: &str, count: u32) -> Result<()> {
        copy_metadata(cx)?;
        match wish {
            "fail" => {
                let mut metadata = Metadata::new();
                metadata.insert("why", "asked to")?;
                let status = Status::failed_precondition("\t\nA%b\r ☺ 😈~");
                Err(status.with_details(&b"\x00\xffdetails"[..]).with_metadata(metadata))
            }
            "panic" => panic!("asked to"),
            "hang" => pending().await,
            "sleep" => {
                sleep(Duration::from_millis(count.into())).await;
                Ok(())
            }
            "watch" => {
                let (cancelled, log) = (cx.cancelled(), self.log.clone());
                drop(minato_runtime::spawn(async move {
                    cancelled.await;
                    log.cancelled.fetch_add(1, Ordering::Relaxed);
                }));
                pending().await
            }
            _ => Ok(()),
        }
    }
}

/// Echoes two fields, one in each direction of the answer.
fn copy_metadata(cx: &mut Cx<'_>) -> Result<()> {
    let metadata = cx.metadata();
    for value in metadata.get_all("x-initial") {
        cx.headers_mut().append("x-initial", value)?;
    }
    for value in metadata.get_all_bin("x-trailing-bin") {
        let value = value.map_err(|error| Status::invalid_argument(error.to_string()))?;
        cx.trailers_mut().append_bin("x-trailing-bin", value)?;
    }
    Ok(())
}

impl Echo for MyEcho {
    async fn unary(&self, cx: &mut Cx<'_>, request: Msg) -> Result<Msg> {
        let _running = self.running();
        self.grant(cx, &request.wish, request.count).await?;
        let text = match request.wish.as_str() {
            "remaining" => cx.remaining().map_or(0, |left| left.as_millis()).to_string(),
            "peer" => cx.peer().map_or_else(String::new, |peer| peer.ip().to_string()),
            "large" => "x".repeat(request.count as usize),
            _ => return Ok(request),
        };
        Ok(Msg { text, ..Msg::default() })
    }

    async fn collect(&self, cx: &mut Cx<'_>, input: &mut Inbound<Msg>) -> Result<Msg> {
        let _running = self.running();
        let mut all = Msg::default();
        while let Some(message) = input.next().await? {
            if message.wish == "early" {
                break;
            }
            self.grant(cx, &message.wish, message.count).await?;
            all.text.push_str(&message.text);
            all.count += 1;
        }
        Ok(all)
    }

    async fn expand(&self, cx: &mut Cx<'_>, request: Msg, output: &mut Outbound<Msg>) -> Result<()> {
        let _running = self.running();
        copy_metadata(cx)?;
        if request.wish == "headers" {
            cx.send_headers();
        }
        let parts =
            (0..request.count).map(|count| Msg { text: request.text.clone(), count, ..Msg::default() });
        if request.wish == "stream" {
            return output.send_all(stream::iter(parts.map(Ok))).await;
        }
        for part in parts {
            output.send(part).await?;
            if request.wish == "flush" {
                output.flush().await?;
            }
        }
        match request.wish.as_str() {
            "headers" => pending().await,
            "sleep" => self.grant(cx, "sleep", 3000).await,
            wish => self.grant(cx, wish, 0).await,
        }
    }

    async fn chat(
        &self,
        cx: &mut Cx<'_>,
        input: &mut Inbound<Msg>,
        output: &mut Outbound<Msg>,
    ) -> Result<()> {
        let _running = self.running();
        while let Some(message) = input.next().await? {
            self.grant(cx, &message.wish, message.count).await?;
            output.send(message).await?;
        }
        Ok(())
    }
}
