package io.github.notearchive.io.text;

import gg.jte.output.StringOutput;
import tools.jackson.core.io.JsonStringEncoder;

/** Output of a template of JSON. Values are escaped for use within quotes. */
public final class JsonOutput extends StringOutput {

    @Override
    public void writeUserContent(String value) {
        writeContent(new String(JsonStringEncoder.getInstance().quoteAsCharArray(value)));
    }
}
