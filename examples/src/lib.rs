//! Runnable examples of the Minato stack.
