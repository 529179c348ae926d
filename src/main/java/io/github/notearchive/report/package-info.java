/**
 * Report of a night as an HTML page, health of the archive, and history of a note, computed from the tables; templates
 * and style sheets of all HTML pages ({@link io.github.notearchive.report.Pages}).
 *
 * <p>A report contains ids and titles of notes, but no other content of their authors; erasing a note removes it.
 *
 * <p>Uses: {@code archive}, {@code batch}, {@code store}.
 */
@NullMarked
package io.github.notearchive.report;

import org.jspecify.annotations.NullMarked;
