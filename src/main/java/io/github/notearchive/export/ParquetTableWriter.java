package io.github.notearchive.export;

import io.airlift.compress.zstd.ZstdCompressor;
import io.github.notearchive.export.ExportOptions.Compression;
import io.github.notearchive.export.Exporter.Export;
import io.github.notearchive.export.Table.Column;
import io.github.notearchive.export.TableFiles.TableWriter;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import org.apache.commons.io.output.CountingOutputStream;
import org.apache.parquet.bytes.BytesInput;
import org.apache.parquet.compression.CompressionCodecFactory;
import org.apache.parquet.compression.CompressionCodecFactory.BytesInputCompressor;
import org.apache.parquet.conf.PlainParquetConfiguration;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroup;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.example.ExampleParquetWriter;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.io.DelegatingPositionOutputStream;
import org.apache.parquet.io.OutputFile;
import org.apache.parquet.io.PositionOutputStream;
import org.apache.parquet.schema.GroupType;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.TimeUnit;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Type;
import org.apache.parquet.schema.Types;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * Writes Apache Parquet: all columns except the note id are optional, times are microseconds in UTC, lists have the
 * standard three levels. The descriptions of the table and its columns are in the key-value metadata.
 *
 * <p>Hadoop classes occur in the signatures of the library but are not on the class path: the methods called here do
 * not need them.
 */
public final class ParquetTableWriter implements TableWriter {

    /** Size of the row group held in memory. */
    private static final long ROW_GROUP_BYTES = 8L << 20;

    private static final int PAGE_BYTES = 256 << 10;

    private final Table table;
    private final MessageType schema;
    private final ParquetWriter<Group> writer;

    /**
     * @param out receives the file; closed with the writer
     * @param metadata key-value metadata of the file
     * @param fieldId returns the field id of a column by its path, such as {@code media.element.width}; null for none
     */
    public ParquetTableWriter(
            OutputStream out,
            Table table,
            Compression compression,
            Map<String, String> metadata,
            Function<String, @Nullable Integer> fieldId)
            throws IOException {
        this.table = table;
        this.schema = new MessageType(table.name(), types(table.columns(), "", fieldId));
        this.writer = ExampleParquetWriter.builder(new Output(out))
                .withType(schema)
                .withConf(new PlainParquetConfiguration())
                .withCodecFactory(new Codec(compression, new ZstdCompressor()))
                .withCompressionCodec(CompressionCodecName.valueOf(compression.name()))
                .withExtraMetaData(metadata)
                .withRowGroupSize(ROW_GROUP_BYTES)
                .withPageSize(PAGE_BYTES)
                .build();
    }

    /** Returns a writer whose file has the descriptions of the table and its columns in its metadata. */
    static ParquetTableWriter of(Export export, Table table, OutputStream out) throws IOException {
        Compression compression =
                Objects.requireNonNullElse(export.options().packaging().compression(), Compression.ZSTD);
        ObjectNode descriptions = JsonMapper.shared().createObjectNode();
        table.columns().forEach(column -> descriptions.put(column.name(), export.description(column)));
        Map<String, String> metadata = Map.of(
                "note-archive.description",
                String.valueOf(export.description(table)),
                "note-archive.columns",
                descriptions.toString());
        return new ParquetTableWriter(out, table, compression, metadata, _ -> null);
    }

    @Override
    public void write(ObjectNode row) throws IOException {
        Group group = new SimpleGroup(schema);
        fill(group, table.columns(), row);
        writer.write(group);
    }

    private static void fill(Group group, List<Column> columns, JsonNode row) {
        for (Column column : columns) {
            String name = column.name();
            JsonNode value = row.path(name);
            if (value.isNull()) {
                continue;
            }
            switch (column.type()) {
                case TEXT -> group.add(name, value.stringValue());
                case INTEGER -> group.add(name, value.intValue());
                case BIGINT -> group.add(name, value.longValue());
                case BOOLEAN -> group.add(name, value.booleanValue());
                case TIMESTAMP ->
                    group.add(name, ChronoUnit.MICROS.between(Instant.EPOCH, Instant.parse(value.stringValue())));
                case TEXT_LIST -> {
                    Group list = group.addGroup(name);
                    value.forEach(text -> list.addGroup("list").add("element", text.stringValue()));
                }
                case RECORD_LIST -> {
                    Group list = group.addGroup(name);
                    value.forEach(element -> fill(list.addGroup("list").addGroup("element"), column.fields(), element));
                }
            }
        }
    }

    @Override
    public void close() throws IOException {
        writer.close();
    }

    private static List<Type> types(List<Column> columns, String parent, Function<String, @Nullable Integer> fieldId) {
        return columns.stream()
                .map(column -> withId(type(column, parent + column.name(), fieldId), parent + column.name(), fieldId))
                .toList();
    }

    private static Type withId(Type type, String path, Function<String, @Nullable Integer> fieldId) {
        Integer id = fieldId.apply(path);
        return id == null ? type : type.withId(id);
    }

    private static Type type(Column column, String path, Function<String, @Nullable Integer> fieldId) {
        return switch (column.type()) {
            case TEXT -> primitive(column, PrimitiveTypeName.BINARY, LogicalTypeAnnotation.stringType());
            case INTEGER -> primitive(column, PrimitiveTypeName.INT32, null);
            case BIGINT -> primitive(column, PrimitiveTypeName.INT64, null);
            case BOOLEAN -> primitive(column, PrimitiveTypeName.BOOLEAN, null);
            case TIMESTAMP ->
                primitive(column, PrimitiveTypeName.INT64, LogicalTypeAnnotation.timestampType(true, TimeUnit.MICROS));
            case TEXT_LIST, RECORD_LIST -> {
                String name = path + ".element";
                Type element = column.type() == Column.Type.TEXT_LIST
                        ? Types.required(PrimitiveTypeName.BINARY)
                                .as(LogicalTypeAnnotation.stringType())
                                .named("element")
                        : new GroupType(
                                Type.Repetition.REQUIRED, "element", types(column.fields(), name + ".", fieldId));
                yield Types.requiredList()
                        .element(withId(element, name, fieldId))
                        .named(column.name());
            }
        };
    }

    private static Type primitive(Column column, PrimitiveTypeName type, @Nullable LogicalTypeAnnotation annotation) {
        Type.Repetition repetition = column.isKey() ? Type.Repetition.REQUIRED : Type.Repetition.OPTIONAL;
        return Types.primitive(type, repetition).as(annotation).named(column.name());
    }

    private record Output(OutputStream out) implements OutputFile {

        @Override
        public PositionOutputStream create(long blockSizeHint) {
            CountingOutputStream counted = new CountingOutputStream(out);
            return new DelegatingPositionOutputStream(counted) {
                @Override
                public long getPos() {
                    return counted.getByteCount();
                }

                // the method of the superclass wraps the exception of the file
                @Override
                public void close() throws IOException {
                    counted.close();
                }
            };
        }

        @Override
        public PositionOutputStream createOrOverwrite(long blockSizeHint) {
            return create(blockSizeHint);
        }

        @Override
        public boolean supportsBlockSize() {
            return false;
        }

        @Override
        public long defaultBlockSize() {
            return 0;
        }
    }

    /** Codec of pages; the factory of the library needs Hadoop. */
    private record Codec(Compression compression, ZstdCompressor zstd)
            implements CompressionCodecFactory, BytesInputCompressor {

        @Override
        public BytesInputCompressor getCompressor(CompressionCodecName codec) {
            return this;
        }

        @Override
        public BytesInput compress(BytesInput bytes) throws IOException {
            if (compression == Compression.ZSTD) { // a stream costs more than a small page
                byte[] page = bytes.toInputStream().readAllBytes();
                byte[] compressed = new byte[zstd.maxCompressedLength(page.length)];
                return BytesInput.from(
                        compressed, 0, zstd.compress(page, 0, page.length, compressed, 0, compressed.length));
            }
            ByteArrayOutputStream compressed = new ByteArrayOutputStream();
            try (OutputStream out = compression.compress(compressed)) {
                bytes.writeAllTo(out);
            }
            return BytesInput.from(compressed.toByteArray());
        }

        @Override
        public CompressionCodecName getCodecName() {
            return CompressionCodecName.valueOf(compression.name());
        }

        @Override
        public BytesInputDecompressor getDecompressor(CompressionCodecName codec) {
            throw new UnsupportedOperationException("The writer does not decompress");
        }

        @Override
        public void release() {}
    }
}
