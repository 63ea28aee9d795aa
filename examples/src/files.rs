//! The files of this machine, read through Minato's runtime, as the file services of tower-http want them.
//!
//! By itself `ServeDir` reads through tokio, and needs a runtime of it. With this [`Backend`] it needs none, and does all it
//! does: ranges, conditional requests, precompressed variants. The whole adapter is here, to be taken along.

use std::fs::Metadata;
use std::future::Future;
use std::io::{self, SeekFrom};
use std::path::PathBuf;
use std::pin::Pin;
use std::task::{Context, Poll};

use minato_runtime::fs;
use minato_runtime::io::tokio_compat::Compat;
use tokio::io::{AsyncRead, AsyncSeek, ReadBuf};
use tower_http::services::fs::{Backend, File};

type Pending<'a, T> = Pin<Box<dyn Future<Output = io::Result<T>> + Send + 'a>>;

/// The file system, through [`minato_runtime::fs`].
///
/// ```
/// use minato_examples::files::MinatoFiles;
/// use tower_http::services::ServeDir;
///
/// let files = ServeDir::with_backend("assets", MinatoFiles).precompressed_gzip();
/// # drop(files);
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct MinatoFiles;

/// An open file.
#[derive(Debug)]
pub struct OpenFile(Compat<fs::File>);

impl Backend for MinatoFiles {
    type File = OpenFile;
    type Metadata = Metadata;
    type OpenFuture = Pending<'static, OpenFile>;
    type MetadataFuture = Pending<'static, Metadata>;

    fn open(&self, path: PathBuf) -> Self::OpenFuture {
        Box::pin(async move { Ok(OpenFile(Compat::new(fs::File::open(path).await?))) })
    }

    fn metadata(&self, path: PathBuf) -> Self::MetadataFuture {
        Box::pin(fs::metadata(path))
    }
}

impl File for OpenFile {
    type Metadata = Metadata;
    type MetadataFuture<'a> = Pending<'a, Metadata>;

    fn metadata(&self) -> Self::MetadataFuture<'_> {
        Box::pin(self.0.get_ref().metadata())
    }
}

impl AsyncRead for OpenFile {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl AsyncSeek for OpenFile {
    fn start_seek(mut self: Pin<&mut Self>, position: SeekFrom) -> io::Result<()> {
        Pin::new(&mut self.0).start_seek(position)
    }

    fn poll_complete(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        Pin::new(&mut self.0).poll_complete(cx)
    }
}
