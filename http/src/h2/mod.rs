//! HTTP/2 on the `h2` crate, which only this folder and the two HTTP/2 drivers know.

mod cancel;

pub(crate) use self::cancel::CancelOnDrop;
