namespace Failback.Benchmarks;

/// <summary>nginx with a configuration of its own, on a free loopback port: reads for everybody, WebDAV for writing.</summary>
internal sealed class Nginx : IAsyncDisposable
{
    private readonly Child child;
    private readonly int port;
    private readonly string root;

    private Nginx(Child child, int port, string root) => (this.child, this.port, this.root) = (child, port, root);

    public double CpuSeconds => child.CpuSeconds;

    private static readonly string[] ModulePaths =
    [
        "/usr/lib/nginx/modules/ngx_http_dav_ext_module.so",
        "/usr/lib64/nginx/modules/ngx_http_dav_ext_module.so",
        "/usr/share/nginx/modules/ngx_http_dav_ext_module.so",
    ];

    /// <summary>Null when nginx or its WebDAV module is not here.</summary>
    /// <param name="root">Everything below it can be read and written.</param>
    public static async Task<Nginx?> StartAsync(string root, CancellationToken token)
    {
        var module = ModulePaths.FirstOrDefault(File.Exists);
        if (Child.Find("nginx") is not { } program || module is null)
            return null;
        var own = Directory.CreateDirectory(Path.Combine(root, "nginx")).FullName;
        var port = Child.FreePort();
        var file = Path.Combine(own, "nginx.conf");
        await File.WriteAllTextAsync(file, Configuration(module, root, own, port), token);
        var child = Child.Start(program, "-p", own, "-c", file, "-e", Path.Combine(own, "error.log"));
        await child.ListensAsync(port, token);
        return new(child, port, root);
    }

    public string Address(string directory) => $"http://127.0.0.1:{port}/{Path.GetRelativePath(root, directory)}";

    public ValueTask DisposeAsync() => child.DisposeAsync();

    // Uploads are written beside where they end: nginx renames them, and must not copy them to another file system.
    private static string Configuration(string module, string root, string own, int port) =>
        $$"""
            load_module {{module}};
            {{(Environment.IsPrivilegedProcess ? "user root;" : "")}}
            daemon off;
            worker_processes auto;
            pid {{own}}/nginx.pid;
            error_log {{own}}/error.log;
            events { worker_connections 1024; }
            http {
                access_log off;
                sendfile on;
                tcp_nopush on;
                keepalive_requests 1000000;
                client_max_body_size 0;
                client_body_buffer_size 1m;
                client_body_temp_path {{own}}/body;
                proxy_temp_path {{own}}/proxy;
                fastcgi_temp_path {{own}}/fastcgi;
                uwsgi_temp_path {{own}}/uwsgi;
                scgi_temp_path {{own}}/scgi;
                server {
                    listen 127.0.0.1:{{port}};
                    root {{root}};
                    location / {
                        autoindex on;
                        dav_methods PUT DELETE MKCOL COPY MOVE;
                        dav_ext_methods PROPFIND OPTIONS;
                    }
                }
            }
            """;
}

/// <summary>
/// An rsync daemon with a configuration of its own, on a free loopback port, read only. TCP_NODELAY on both sides, as a person who
/// cares would set it: without, its greeting alone waits 0.08 s for delayed acknowledgements.
/// </summary>
internal sealed class RsyncDaemon : IAsyncDisposable
{
    private readonly Child child;
    private readonly int port;
    private readonly string root;

    private RsyncDaemon(Child child, int port, string root) => (this.child, this.port, this.root) = (child, port, root);

    public double CpuSeconds => child.CpuSeconds;

    /// <summary>Null when rsync is not here.</summary>
    public static async Task<RsyncDaemon?> StartAsync(string root, CancellationToken token)
    {
        if (Child.Find("rsync") is not { } program)
            return null;
        var own = Directory.CreateDirectory(Path.Combine(root, "rsync")).FullName;
        var port = Child.FreePort();
        var file = Path.Combine(own, "rsyncd.conf");
        var user = Environment.IsPrivilegedProcess ? "uid = root\ngid = root\n" : "";
        await File.WriteAllTextAsync(
            file,
            $"{user}use chroot = no\nsocket options = TCP_NODELAY\nlog file = {own}/log\nreverse lookup = no\n[source]\npath = {root}\nread only = yes\n",
            token
        );
        var child = Child.Start(program, "--daemon", "--no-detach", "--address=127.0.0.1", $"--port={port}", $"--config={file}");
        await child.ListensAsync(port, token);
        return new(child, port, root);
    }

    public string Address(string directory) => $"rsync://127.0.0.1:{port}/source/{Path.GetRelativePath(root, directory)}";

    public ValueTask DisposeAsync() => child.DisposeAsync();
}
