//! What the compiler says where a macro is misused: the messages are part of the interface.
//!
//! Only messages of our macros are compared, which no release of the compiler rewords.

// A sanitizer has no say in messages, and does not build what is to fail.
#![cfg(not(minato_sanitize))]

#[test]
fn misuse_of_macros_is_explained() {
    trybuild::TestCases::new().compile_fail("tests/compile_fail/*.rs");
}
