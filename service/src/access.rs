//! The service inside, for those who hold the middleware.

/// Gives a middleware with a field `inner` the three ways to it that tower's have.
macro_rules! access_inner {
    ($(impl<$($parameter:ident),+> $name:ty;)+) => {$(
        impl<$($parameter),+> $name {
            /// The service inside.
            pub const fn get_ref(&self) -> &S {
                &self.inner
            }

            /// The service inside.
            pub const fn get_mut(&mut self) -> &mut S {
                &mut self.inner
            }

            /// The service inside.
            pub fn into_inner(self) -> S {
                self.inner
            }
        }
    )+};
}

pub(crate) use access_inner;
