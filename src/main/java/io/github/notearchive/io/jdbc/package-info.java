/**
 * Statements, columns, parameters and transactions of PostgreSQL, its errors, and leases by its clock.
 *
 * <p>Uses: {@code io.time}.
 */
@NullMarked
package io.github.notearchive.io.jdbc;

import org.jspecify.annotations.NullMarked;
