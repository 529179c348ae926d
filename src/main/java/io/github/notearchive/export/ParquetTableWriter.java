package io.github.notearchive.export;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPOutputStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.bytes.BytesInput;
import org.apache.parquet.compression.CompressionCodecFactory;
import org.apache.parquet.conf.ParquetConfiguration;
import org.apache.parquet.conf.PlainParquetConfiguration;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.api.WriteSupport;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.io.DelegatingPositionOutputStream;
import org.apache.parquet.io.OutputFile;
import org.apache.parquet.io.PositionOutputStream;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.io.api.RecordConsumer;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.TimeUnit;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Type;
import org.apache.parquet.schema.Types;
import org.jspecify.annotations.Nullable;

/**
 * Writes Apache Parquet: all columns except the note id are optional, times are microseconds in UTC, lists have the
 * standard three levels. Compressed with the JDK's gzip, which needs no native library.
 *
 * <p>Hadoop classes occur in the signatures of the library but are not on the class path: the methods called here do
 * not need them.
 */
final class ParquetTableWriter implements TableWriter {

    /** Size of the row group held in memory. */
    private static final long ROW_GROUP_BYTES = 8L << 20;

    private static final int PAGE_BYTES = 256 << 10;

    private final ParquetWriter<Row> writer;

    ParquetTableWriter(HashedFile file, Table table) throws IOException {
        this.writer = new Builder(new Output(file), table)
                .withConf(new PlainParquetConfiguration())
                .withCodecFactory(new JdkGzip())
                .withCompressionCodec(CompressionCodecName.GZIP)
                .withRowGroupSize(ROW_GROUP_BYTES)
                .withPageSize(PAGE_BYTES)
                .build();
    }

    @Override
    public void write(Row row) throws IOException {
        writer.write(row);
    }

    @Override
    public void close() throws IOException {
        writer.close();
    }

    private static MessageType schema(Table table) {
        return new MessageType(
                table.name(),
                table.columns().stream()
                        .map(column -> type(column, column.isKey()))
                        .toList());
    }

    private static Type type(Column column, boolean required) {
        Type.Repetition repetition = required ? Type.Repetition.REQUIRED : Type.Repetition.OPTIONAL;
        return switch (column.type()) {
            case TEXT ->
                Types.primitive(PrimitiveTypeName.BINARY, repetition)
                        .as(LogicalTypeAnnotation.stringType())
                        .named(column.name());
            case INTEGER -> Types.primitive(PrimitiveTypeName.INT32, repetition).named(column.name());
            case BIGINT -> Types.primitive(PrimitiveTypeName.INT64, repetition).named(column.name());
            case BOOLEAN ->
                Types.primitive(PrimitiveTypeName.BOOLEAN, repetition).named(column.name());
            case TIMESTAMP ->
                Types.primitive(PrimitiveTypeName.INT64, repetition)
                        .as(LogicalTypeAnnotation.timestampType(true, TimeUnit.MICROS))
                        .named(column.name());
            case TEXT_LIST ->
                Types.requiredList()
                        .element(Types.required(PrimitiveTypeName.BINARY)
                                .as(LogicalTypeAnnotation.stringType())
                                .named("element"))
                        .named(column.name());
            case RECORD_LIST -> {
                Types.GroupBuilder<org.apache.parquet.schema.GroupType> element = Types.requiredGroup();
                for (Column field : column.fields()) {
                    element.addField(type(field, false));
                }
                yield Types.requiredList().element(element.named("element")).named(column.name());
            }
        };
    }

    private static final class Builder extends ParquetWriter.Builder<Row, Builder> {

        private final Table table;

        Builder(OutputFile file, Table table) {
            super(file);
            this.table = table;
        }

        @Override
        protected Builder self() {
            return this;
        }

        @Override
        @SuppressWarnings("deprecation")
        protected WriteSupport<Row> getWriteSupport(Configuration configuration) {
            throw new UnsupportedOperationException("Hadoop is not used");
        }

        @Override
        protected WriteSupport<Row> getWriteSupport(ParquetConfiguration configuration) {
            return new RowSupport(table);
        }
    }

    /** Passes the values of a row to the library. */
    private static final class RowSupport extends WriteSupport<Row> {

        private final Table table;
        private @Nullable RecordConsumer consumer;

        RowSupport(Table table) {
            this.table = table;
        }

        @Override
        @SuppressWarnings("deprecation")
        public WriteContext init(Configuration configuration) {
            throw new UnsupportedOperationException("Hadoop is not used");
        }

        @Override
        public WriteContext init(ParquetConfiguration configuration) {
            return new WriteContext(schema(table), Map.of());
        }

        @Override
        public void prepareForWrite(RecordConsumer recordConsumer) {
            consumer = recordConsumer;
        }

        @Override
        public void write(Row row) {
            if (consumer == null) {
                throw new IllegalStateException("Row written before prepareForWrite");
            }
            consumer.startMessage();
            fields(consumer, row, 0);
            consumer.endMessage();
        }

        /** Writes the columns from {@code from} on; a list element omits its first column, the note id. */
        private static void fields(RecordConsumer out, Row row, int from) {
            List<Column> columns = row.table().columns();
            for (int i = from; i < columns.size(); i++) {
                Object value = row.get(i);
                if (value != null) {
                    String name = columns.get(i).name();
                    out.startField(name, i - from);
                    value(out, name, value);
                    out.endField(name, i - from);
                }
            }
        }

        private static void value(RecordConsumer out, String name, Object value) {
            switch (value) {
                case String text -> out.addBinary(Binary.fromString(text));
                case Integer number -> out.addInteger(number);
                case Long number -> out.addLong(number);
                case Boolean truth -> out.addBoolean(truth);
                case Instant time -> out.addLong(ChronoUnit.MICROS.between(Instant.EPOCH, time));
                case List<?> list -> list(out, list);
                default -> throw new IllegalStateException("Column " + name + " has a value of " + value.getClass());
            }
        }

        private static void list(RecordConsumer out, List<?> list) {
            out.startGroup();
            if (!list.isEmpty()) {
                out.startField("list", 0);
                for (Object element : list) {
                    out.startGroup();
                    out.startField("element", 0);
                    if (element instanceof Row row) {
                        out.startGroup();
                        fields(out, row, 1);
                        out.endGroup();
                    } else {
                        out.addBinary(Binary.fromString(String.valueOf(element)));
                    }
                    out.endField("element", 0);
                    out.endGroup();
                }
                out.endField("list", 0);
            }
            out.endGroup();
        }
    }

    /** Adapts a file to the interface of the library. */
    private record Output(HashedFile file) implements OutputFile {

        @Override
        public PositionOutputStream create(long blockSizeHint) {
            return new DelegatingPositionOutputStream(file) {
                @Override
                public long getPos() {
                    return file.size();
                }

                // the method of the superclass wraps the exception of the file
                @Override
                public void close() {
                    file.close();
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

    /** Codec with the JDK's gzip; the factory of the library needs Hadoop. */
    private static final class JdkGzip implements CompressionCodecFactory {

        @Override
        public BytesInputCompressor getCompressor(CompressionCodecName codec) {
            return new BytesInputCompressor() {

                @Override
                public BytesInput compress(BytesInput bytes) throws IOException {
                    ByteArrayOutputStream compressed = new ByteArrayOutputStream();
                    try (OutputStream gzip = new GZIPOutputStream(compressed)) {
                        bytes.writeAllTo(gzip);
                    }
                    return BytesInput.from(compressed.toByteArray());
                }

                @Override
                public CompressionCodecName getCodecName() {
                    return CompressionCodecName.GZIP;
                }

                @Override
                public void release() {}
            };
        }

        @Override
        public BytesInputDecompressor getDecompressor(CompressionCodecName codec) {
            throw new UnsupportedOperationException("The writer does not decompress");
        }

        @Override
        public void release() {}
    }
}
