//! Descriptors that travel with bytes (`SCM_RIGHTS`).

use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, ReturnFlags, SendAncillaryBuffer, SendAncillaryMessage,
    recvmsg, sendmsg,
};

use crate::limits::DESCRIPTORS_MAX;
use crate::sys;

/// What a message that may carry descriptors brought.
#[derive(Debug)]
pub struct ReceivedDescriptors {
    /// How many bytes were received.
    pub len: usize,
    /// The descriptors, with close-on-exec set.
    pub descriptors: Vec<OwnedFd>,
    /// Whether descriptors were lost, because this process has no room for more.
    pub were_lost: bool,
}

pub(super) fn send(socket: impl AsFd, buf: &[u8], descriptors: &[BorrowedFd<'_>]) -> io::Result<usize> {
    if buf.is_empty() && !descriptors.is_empty() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "descriptors travel with at least one byte"));
    }
    let message = SendAncillaryMessage::ScmRights(descriptors);
    let mut space = vec![MaybeUninit::uninit(); message.size()];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !descriptors.is_empty() && (descriptors.len() > DESCRIPTORS_MAX || !control.push(message)) {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "too many descriptors for one message"));
    }
    Ok(sendmsg(socket, &[IoSlice::new(buf)], &mut control, sys::NO_SIGNAL)?)
}

pub(super) fn receive(socket: impl AsFd, buf: &mut [u8]) -> io::Result<ReceivedDescriptors> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(DESCRIPTORS_MAX))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let message = recvmsg(socket, &mut [IoSliceMut::new(buf)], &mut control, sys::DESCRIPTORS)?;
    let mut descriptors = Vec::new();
    for part in control.drain() {
        if let RecvAncillaryMessage::ScmRights(rights) = part {
            descriptors.extend(rights);
        }
    }
    descriptors.iter().try_for_each(sys::close_on_exec)?;
    let were_lost = message.flags.contains(ReturnFlags::CTRUNC);
    Ok(ReceivedDescriptors { len: message.bytes, descriptors, were_lost })
}

/// The methods of socket types, whose field `io` is a `PollEvented`, that pass descriptors.
macro_rules! descriptor_methods {
    () => {
        /// Sends bytes, at least one, and descriptors, at most 253, to the connected peer, which has them as its own
        /// from then on.
        ///
        /// # Errors
        ///
        /// `InvalidInput` for no bytes or too many descriptors, and those of `sendmsg`.
        ///
        /// # Cancel safety
        ///
        /// If the future is dropped before it is ready, nothing was sent.
        pub async fn send_with_descriptors(
            &self,
            buf: &[u8],
            descriptors: &[std::os::fd::BorrowedFd<'_>],
        ) -> std::io::Result<usize> {
            let send = |io: &_| $crate::unix::descriptors::send(io, buf, descriptors);
            self.io.async_io($crate::source::Interest::WRITABLE, send).await
        }

        /// Receives bytes, and the descriptors that travel with them.
        ///
        /// A peer that is not trusted may send up to 253 descriptors with each message; they are closed when the
        /// answer is dropped.
        ///
        /// # Errors
        ///
        /// Those of `recvmsg`.
        ///
        /// # Cancel safety
        ///
        /// If the future is dropped before it is ready, nothing was taken.
        pub async fn recv_with_descriptors(
            &self,
            buf: &mut [u8],
        ) -> std::io::Result<$crate::unix::ReceivedDescriptors> {
            let receive = |io: &_| $crate::unix::descriptors::receive(io, buf);
            self.io.async_io($crate::source::Interest::READABLE, receive).await
        }
    };
}

pub(super) use descriptor_methods;
