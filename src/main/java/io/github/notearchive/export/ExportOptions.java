package io.github.notearchive.export;

import io.github.notearchive.archive.stats.NoteSnapshots.Selection;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Options of an export.
 *
 * @param target directory to create; must not exist, or be empty
 * @param authorKey file with the key of the pseudonyms; null to generate a key that is not stored
 * @param presignFor validity of presigned URLs, at most a week
 * @param excel whether CSV is written for a spreadsheet: with a byte order mark, and formulas escaped by an apostrophe
 * @param tool name and version of the exporting program
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
        String tool) {

    public enum ExportFormat {
        JSONL("jsonl", MediaMode.LINK),
        CSV("csv", MediaMode.LINK),
        PARQUET("parquet", MediaMode.LINK),
        /** One directory per note with HTML pages, for human readers. */
        FOLDER("folder", MediaMode.COPY),
        /** A bag (RFC 8493) with the tables as JSON Lines and the media, for preservation. */
        BAGIT("bagit", MediaMode.COPY),
        FOURCAT("4cat", MediaMode.NONE);

        private final String spelling;
        private final MediaMode usualMedia;

        ExportFormat(String spelling, MediaMode usualMedia) {
            this.spelling = spelling;
            this.usualMedia = usualMedia;
        }

        public MediaMode usualMedia() {
            return usualMedia;
        }

        public boolean takes(MediaMode media) {
            return switch (this) {
                case JSONL, CSV, PARQUET, BAGIT -> true;
                case FOLDER -> media == MediaMode.COPY || media == MediaMode.NONE;
                case FOURCAT -> media == MediaMode.NONE || media == MediaMode.PRESIGNED;
            };
        }

        @Override
        public String toString() {
            return spelling;
        }
    }

    /** Treatment of personal data: authors and mentioned people. */
    public enum AuthorMode {
        KEEP,
        /** Ids are replaced by pseudonyms, equal for the same person; names and pictures are omitted. */
        HASH,
        /** All columns with personal data are omitted. */
        OMIT
    }

    /** Form in which an export includes media, in addition to their metadata. */
    public enum MediaMode {
        NONE,
        LINK,
        COPY,
        /** Presigned URLs, which give access without other credentials until they expire. */
        PRESIGNED
    }
}
