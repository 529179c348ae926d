package io.github.notearchive.export;

import io.airlift.compress.zstd.ZstdOutputStream;
import io.github.notearchive.archive.query.NoteSnapshots.Selection;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.zip.GZIPOutputStream;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/**
 * Options of an export.
 *
 * @param target directory to create; must not exist, or be empty
 * @param authorKey file with the key of the pseudonyms; null to generate a key that is not stored
 * @param presignFor validity of presigned URLs, at most a week
 * @param since manifest of the export that a delta continues; null for a full export
 * @param tool name and version of the program
 */
public record ExportOptions(
        ExportFormat format,
        Path target,
        Selection selection,
        MediaMode media,
        AuthorMode authors,
        @Nullable Path authorKey,
        Duration presignFor,
        @Nullable Path since,
        Packaging packaging,
        String tool) {

    public enum ExportFormat {
        JSONL("jsonl", MediaMode.LINK),
        CSV("csv", MediaMode.LINK),
        PARQUET("parquet", MediaMode.LINK),
        /** One directory per note with HTML pages, for human readers. */
        FOLDER("folder", MediaMode.COPY),
        /** A bag (RFC 8493) with the tables as JSON Lines and the media, for preservation. */
        BAGIT("bagit", MediaMode.COPY),
        /** Page of Markdown per note, for a vault of Obsidian. */
        MARKDOWN("markdown", MediaMode.COPY),
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

        /** Returns whether the export has a file for each table. */
        public boolean hasTables() {
            return this != FOLDER && this != MARKDOWN && this != FOURCAT;
        }

        public boolean takes(MediaMode media) {
            return switch (this) {
                case JSONL, CSV, PARQUET, BAGIT -> true;
                case FOLDER, MARKDOWN -> media == MediaMode.COPY || media == MediaMode.NONE;
                case FOURCAT -> media == MediaMode.NONE || media == MediaMode.PRESIGNED;
            };
        }

        @Override
        public String toString() {
            return spelling;
        }
    }

    /** Format of the file of a table. */
    enum TableFormat {
        JSONL("application/jsonlines"),
        CSV("text/csv"),
        PARQUET("application/x-parquet");

        final String mediaType;

        TableFormat(String mediaType) {
            this.mediaType = mediaType;
        }

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /**
     * Form of the files of tables, and what describes them.
     *
     * @param partitioned whether tables have a file for each month of publication
     * @param excel whether CSV has a byte order mark, and an apostrophe before formulas
     * @param compression compression of the files, or of the pages within Parquet; null: none, and zstd with Parquet
     * @param descriptor properties of schema.org about the data set, for its descriptors; null: none
     * @param bagInfo further lines of {@code bag-info.txt}; null: none
     * @param answers whether a bag has the sidecars, which contain the exact responses
     */
    public record Packaging(
            boolean partitioned,
            boolean excel,
            @Nullable Compression compression,
            @Nullable ObjectNode descriptor,
            @Nullable String bagInfo,
            boolean answers) {

        /** Returns the name of a format's files after the dot. */
        String extension(TableFormat format) {
            return compression == null || format == TableFormat.PARQUET
                    ? format.toString()
                    : format + "." + compression.extension;
        }

        OutputStream compress(TableFormat format, OutputStream out) throws IOException {
            return compression == null || format == TableFormat.PARQUET ? out : compression.compress(out);
        }
    }

    /** Compression of tables. The same data give the same bytes. */
    public enum Compression {
        GZIP("gz"),
        ZSTD("zst");

        final String extension;

        Compression(String extension) {
            this.extension = extension;
        }

        OutputStream compress(OutputStream out) throws IOException {
            return switch (this) {
                case GZIP -> new GZIPOutputStream(out);
                case ZSTD -> new ZstdOutputStream(out);
            };
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
