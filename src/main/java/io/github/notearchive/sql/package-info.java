/**
 * What goes to the database: several statements in one round trip, points in time that may be none, and texts of
 * strangers, made fit for it. And what comes back in place of an answer: which exceptions mean that it is away.
 */
@NullMarked
package io.github.notearchive.sql;

import org.jspecify.annotations.NullMarked;
