/**
 * Read-only web pages of the archive, for {@code browse}: wall, notes, captures, authors, changes, nights and health.
 *
 * <p>A page sends no call to the provider and changes nothing; it shows the command that would. Requests are GET or
 * HEAD of known hosts ({@link io.github.notearchive.browse.AccessConfiguration}), texts of third parties are escaped by
 * the templates of {@code src/main/jte/browse}, and bytes are served only while a note that is not erased uses them.
 *
 * <p>Uses: {@code archive}, {@code batch}, {@code export}, {@code prove}, {@code report}, {@code store}.
 */
@NullMarked
package io.github.notearchive.browse;

import org.jspecify.annotations.NullMarked;
