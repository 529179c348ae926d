/**
 * Technical helpers without knowledge of notes: atomic files, the HTTP client, database errors and transactions,
 * secrets, number and text formats.
 *
 * <p>Uses: nothing. Used by: all modules.
 */
@NullMarked
package io.github.notearchive.io;

import org.jspecify.annotations.NullMarked;
