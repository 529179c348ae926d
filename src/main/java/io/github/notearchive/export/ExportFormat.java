package io.github.notearchive.export;

import java.util.Arrays;
import java.util.Optional;

/** What an export looks like on the disk. */
public enum ExportFormat {
    /** A file of JSON for each table, one object a line, UTF-8. */
    JSONL("jsonl", MediaMode.LINK),
    /** A file of RFC 4180 for each table. */
    CSV("csv", MediaMode.LINK),
    /** A file of Apache Parquet for each table. */
    PARQUET("parquet", MediaMode.LINK),
    /** A directory for each note, with pages for a browser. For people. */
    FOLDER("folder", MediaMode.COPY),
    /** A bag after RFC 8493 with the tables as JSON and the files. For keeping. */
    BAGIT("bagit", MediaMode.COPY),
    /** What 4CAT imports for this platform. */
    FOURCAT("4cat", MediaMode.NONE);

    private final String spelling;
    private final MediaMode usualMedia;

    ExportFormat(String spelling, MediaMode usualMedia) {
        this.spelling = spelling;
        this.usualMedia = usualMedia;
    }

    /** The format of a name as it is typed. */
    public static Optional<ExportFormat> named(String text) {
        return Arrays.stream(values())
                .filter(format -> format.spelling.equals(text))
                .findFirst();
    }

    /** What becomes of the media when nobody says. */
    public MediaMode usualMedia() {
        return usualMedia;
    }

    /** Whether the format can carry the media that way. */
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
