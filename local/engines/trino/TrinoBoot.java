/** Starts the server without Trino's launcher. */
public final class TrinoBoot {
    public static void main(String[] arguments) throws Exception {
        Class<?> server = Class.forName("io.trino.server.Server");
        Object instance = server.getDeclaredConstructor().newInstance();
        server.getMethod("start", String.class).invoke(instance, System.getProperty("trino.version"));
    }
}
