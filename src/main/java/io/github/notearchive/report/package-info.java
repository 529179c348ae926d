/**
 * What a night did, for the person who looks in the morning: one page of a night, made from the tables alone, the same
 * as JSON for a program, and in a word whether the archive is well.
 *
 * <p>A page names notes by their ids and nothing else that their authors wrote.
 */
@NullMarked
package io.github.notearchive.report;

import org.jspecify.annotations.NullMarked;
