import org.apache.spark.sql.SparkSession;

/** Answers queries over the published tables with Spark in local mode; its arguments are settings of the catalog and SQL. */
public final class SparkCounts {

    private SparkCounts() {}

    public static void main(String[] arguments) throws Exception {
        SparkSession.Builder builder = SparkSession.builder()
                .master("local[2]")
                .config("spark.ui.enabled", "false")
                .config("spark.sql.session.timeZone", "UTC")
                // the vectorized reader needs sun.misc.Unsafe
                .config("spark.sql.iceberg.vectorization.enabled", Runtime.version().feature() < 24)
                .config("spark.sql.catalog.lake", "org.apache.iceberg.spark.SparkCatalog");
        for (String argument : arguments) {
            if (argument.contains("=") && !argument.startsWith("SELECT")) {
                String[] setting = argument.split("=", 2);
                builder.config("spark.sql.catalog.lake." + setting[0], setting[1]);
            }
        }
        try (SparkSession spark = builder.getOrCreate()) {
            for (String argument : arguments) {
                if (argument.startsWith("SELECT")) {
                    System.out.println("spark-sql> " + argument);
                    spark.sql(argument).show(20, 40);
                }
            }
        }
    }
}
