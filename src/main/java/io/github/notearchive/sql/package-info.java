/**
 * What goes to the database: several statements in one round trip, points in time that may be none,
 * and texts of strangers, made fit for it.
 */
@NullMarked
package io.github.notearchive.sql;

import org.jspecify.annotations.NullMarked;
