//! Minato.

pub(crate) use minato_net::{TcpListener, TcpStream};
pub(crate) use minato_runtime::io::{AsyncReadExt, AsyncWriteExt};
pub(crate) use minato_runtime::runtime::{Builder, Runtime};
pub(crate) use minato_runtime::spawn;
pub(crate) use minato_runtime::sync::{Mutex, Notify, RwLock, Semaphore, broadcast, mpsc, oneshot, watch};
pub(crate) use minato_runtime::task::yield_now;
pub(crate) use minato_runtime::time::{Instant, sleep, sleep_until, timeout};
