//! Declarative macros and the doors to the procedural ones.
