/** Several statements in one round trip to the database. */
@NullMarked
package io.github.notearchive.sql;

import org.jspecify.annotations.NullMarked;
