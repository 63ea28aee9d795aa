//! Names outside the file system, which only Linux has.

use std::io;

use socket2::SockRef;

use super::{UnixSocket, UnixStream};
use crate::sys::abstract_address;

impl UnixSocket {
    /// Binds the socket to a name in the abstract namespace, which no file shows and which ends with the socket.
    ///
    /// Linux only.
    ///
    /// # Errors
    ///
    /// Those of `bind`; `InvalidInput` for a name over 107 bytes.
    ///
    /// ```
    /// use minato_net::unix::UnixSocket;
    ///
    /// # let rt = minato_runtime::runtime::Runtime::new().unwrap();
    /// # rt.block_on(async {
    /// # let name = format!("minato-doc-{}", std::process::id());
    /// let socket = UnixSocket::new_stream()?;
    /// socket.bind_abstract(&name)?;
    /// let listener = socket.listen(16)?;
    /// let stream = UnixSocket::new_stream()?.connect_abstract(&name).await?;
    /// # let _ = (listener, stream);
    /// # std::io::Result::Ok(())
    /// # }).unwrap();
    /// ```
    pub fn bind_abstract(&self, name: impl AsRef<[u8]>) -> io::Result<()> {
        SockRef::from(self).bind(&abstract_address(name.as_ref())?)
    }

    /// Connects a stream socket to the listener at an abstract name; see [`connect`](Self::connect).
    ///
    /// Linux only.
    ///
    /// # Errors
    ///
    /// As [`connect`](Self::connect), and `InvalidInput` for a name over 107 bytes.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes the socket.
    pub async fn connect_abstract(self, name: impl AsRef<[u8]>) -> io::Result<UnixStream> {
        self.connect_stream(&abstract_address(name.as_ref())?).await
    }
}
