package io.github.notearchive.export;

import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What to export, how, and where to.
 *
 * @param target the directory to make; must not exist, or be empty
 * @param authorKey a file whose bytes are the key of the pseudonyms; null: one is drawn for this export and forgotten
 * @param presignFor how long presigned addresses are good for, a week at most
 * @param excel whether CSV is made for a spreadsheet: a byte order mark, and an apostrophe before text that it would
 *     take for a formula
 * @param tool what to name as the maker, with its version
 */
public record ExportOptions(
        ExportFormat format,
        Path target,
        Selection selection,
        MediaMode media,
        AuthorMode authors,
        @Nullable Path authorKey,
        Duration presignFor,
        boolean excel,
        String tool) {}
