//! Minato.

pub(crate) use minato_net::{TcpListener, TcpStream, UnixStream};
pub(crate) use minato_runtime::fs;
pub(crate) use minato_runtime::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};
pub(crate) use minato_runtime::process::Command;
pub(crate) use minato_runtime::runtime::{Builder, Runtime};
pub(crate) use minato_runtime::spawn;
pub(crate) use minato_runtime::sync::{
    CancellationToken, Mutex, Notify, RwLock, Semaphore, broadcast, mpsc, oneshot, watch,
};
pub(crate) use minato_runtime::task::{spawn_blocking, yield_now};
pub(crate) use minato_runtime::time::{Instant, sleep, sleep_until, timeout};
