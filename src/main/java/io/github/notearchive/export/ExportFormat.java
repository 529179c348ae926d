package io.github.notearchive.export;

import io.github.notearchive.export.ExportOptions.MediaMode;
import java.util.Arrays;
import java.util.Optional;

public enum ExportFormat {
    /** One JSON Lines file per table, UTF-8. */
    JSONL("jsonl", MediaMode.LINK),
    /** One CSV file (RFC 4180) per table. */
    CSV("csv", MediaMode.LINK),
    /** One Apache Parquet file per table. */
    PARQUET("parquet", MediaMode.LINK),
    /** One directory per note with HTML pages, for human readers. */
    FOLDER("folder", MediaMode.COPY),
    /** A bag (RFC 8493) with the tables as JSON Lines and the media, for preservation. */
    BAGIT("bagit", MediaMode.COPY),
    /** Import file of 4CAT for this platform. */
    FOURCAT("4cat", MediaMode.NONE);

    private final String spelling;
    private final MediaMode usualMedia;

    ExportFormat(String spelling, MediaMode usualMedia) {
        this.spelling = spelling;
        this.usualMedia = usualMedia;
    }

    /** Returns the format with a name as on the command line. */
    public static Optional<ExportFormat> named(String text) {
        return Arrays.stream(values())
                .filter(format -> format.spelling.equals(text))
                .findFirst();
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
