namespace Failback.Benchmarks;

/// <summary>Within one machine and without a network: the floor, not an alternative.</summary>
internal sealed class Cp(Workload workload, bool durable) : Contender(workload)
{
    public override string Name => durable ? Names.CpSync : Names.Cp;
    public override bool Durable => durable;
    public override string? Missing => Child.Find("cp") is null ? "cp" : null;

    public override async Task RunAsync(int round, CancellationToken token)
    {
        await Child.RunAsync("cp", ["-r", Workload.Source + "/.", Target(round)], token);
        if (durable)
            await Child.RunAsync("sync", ["-f", Target(round)], token);
    }
}

/// <summary>The target runs rsync, the source serves.</summary>
internal sealed class Rsync(Workload workload, RsyncDaemon? daemon, bool durable) : Contender(workload)
{
    public override string Name => durable ? Names.RsyncFsync : Names.RsyncDaemon;
    public override bool Durable => durable;
    public override string? Missing => daemon is null ? "rsync" : null;
    public override double ServerCpuSeconds => daemon!.CpuSeconds;

    public override Task RunAsync(int round, CancellationToken token)
    {
        string[] fsync = durable ? ["--fsync"] : [];
        return Child.RunAsync(
            "rsync",
            ["-a", "--sockopts=TCP_NODELAY", .. fsync, daemon!.Address(Workload.Source) + "/", Target(round) + "/"],
            token
        );
    }
}

/// <summary>One HTTP server to another through this machine, as a person would do it.</summary>
internal sealed class Rclone(Workload workload, Nginx? nginx) : Contender(workload)
{
    public override string Name => Names.Rclone;
    public override string? Missing =>
        Child.Find("rclone") is null ? "rclone"
        : nginx is null ? "nginx with dav_ext"
        : null;
    public override double ServerCpuSeconds => nginx!.CpuSeconds;

    public override Task RunAsync(int round, CancellationToken token) =>
        Child.RunAsync(
            "rclone",
            ["copy", $":http,url='{nginx!.Address(Workload.Source)}/':", $":webdav,url='{nginx.Address(Target(round))}/':"],
            token
        );
}

/// <summary>All down, then all up.</summary>
internal sealed class Curl(Workload workload, Nginx? nginx) : Contender(workload)
{
    public override string Name => Names.Curl;
    public override string? Missing =>
        Child.Find("curl") is null ? "curl"
        : nginx is null ? "nginx with dav_ext"
        : null;
    public override double ServerCpuSeconds => nginx!.CpuSeconds;

    public override async Task PrepareAsync(int round, CancellationToken token)
    {
        await base.PrepareAsync(round, token);
        var between = Directory.CreateDirectory(Between(round)).FullName;
        await using var down = new StreamWriter(List(round, "down"));
        await using var up = new StreamWriter(List(round, "up"));
        for (var i = 0; i < Workload.Items; i++)
        {
            var name = Workload.FileName(i);
            await down.WriteLineAsync($"url = \"{nginx!.Address(Workload.Source)}/{name}\"\noutput = \"{between}/{name}\"");
            await up.WriteLineAsync($"url = \"{nginx.Address(Target(round))}/{name}\"\nupload-file = \"{between}/{name}\"");
        }
    }

    public override async Task RunAsync(int round, CancellationToken token)
    {
        await Child.RunAsync("curl", ["-q", "-sS", "--fail", "--parallel", "-K", List(round, "down")], token);
        await Child.RunAsync("curl", ["-q", "-sS", "--fail", "--parallel", "-K", List(round, "up")], token);
    }

    private string Between(int round) => Path.Combine(Workload.Place, "between", $"round-{round}");

    private string List(int round, string way) => Path.Combine(Workload.Place, "between", $"round-{round}.{way}");
}

/// <summary>What a program of one's own does first: for each item a GET and a PUT, four at once, by HTTP/1.1 with connections kept.</summary>
internal sealed class OneByOne(Workload workload, Nginx? nginx) : Contender(workload)
{
    private const int AtOnce = 4;
    public override string Name => Names.OneByOne;
    public override string? Missing => nginx is null ? "nginx with dav_ext" : null;
    public override double ServerCpuSeconds => nginx!.CpuSeconds + Environment.CpuUsage.TotalTime.TotalSeconds;

    public override async Task RunAsync(int round, CancellationToken token)
    {
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false, MaxConnectionsPerServer = AtOnce });
        var (from, to) = (nginx!.Address(Workload.Source), nginx.Address(Target(round)));
        await Parallel.ForAsync(
            0,
            Workload.Items,
            new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = token },
            async (i, stop) =>
            {
                var name = Workload.FileName(i);
                var bytes = await client.GetByteArrayAsync($"{from}/{name}", stop);
                using var answer = await client.PutAsync($"{to}/{name}", new ByteArrayContent(bytes), stop);
                answer.EnsureSuccessStatusCode();
            }
        );
    }
}
