using System.Security.Cryptography;
using Failback.Worker;

namespace Failback.Tests;

/// <summary>The Merkle tree of RFC 9162, so that others can compute it too.</summary>
[Covers("I2", "T25")]
public sealed class The_root_of_a_coverage
{
    /// <summary>Eight leaves that other implementations of the same tree are tested with, and the root after each of them.</summary>
    private static readonly (string Leaf, string Root)[] Known =
    [
        ("", "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"),
        ("00", "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"),
        ("10", "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"),
        ("2021", "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"),
        ("3031", "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4"),
        ("40414243", "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef"),
        ("5051525354555657", "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c"),
        ("606162636465666768696a6b6c6d6e6f", "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"),
    ];

    [Fact]
    public void is_the_known_one_after_each_known_leaf()
    {
        var root = new CoverageRoot();
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData([])), root.Text);
        foreach (var (leaf, expected) in Known)
        {
            root.Add(SHA256.HashData([0, .. Convert.FromHexString(leaf)]));
            Assert.Equal(expected, root.Text);
        }
    }

    [Fact]
    public void is_that_of_the_whole_tree_for_every_number_of_leaves()
    {
        var (root, leaves) = (new CoverageRoot(), new List<byte[]>());
        for (var i = 0; i < 130; i++)
        {
            leaves.Add(SHA256.HashData([0, (byte)i]));
            root.Add(leaves[^1]);
            Assert.Equal(Naive([.. leaves]), root.Text);
        }
    }

    /// <summary>As the RFC defines it, over the hashes of the leaves.</summary>
    internal static string Naive(byte[][] leaves) => Convert.ToHexStringLower(Hash(leaves));

    private static byte[] Hash(byte[][] leaves)
    {
        if (leaves.Length == 0)
            return SHA256.HashData([]);
        if (leaves.Length == 1)
            return leaves[0];
        var left = (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)leaves.Length) / 2;
        return SHA256.HashData([1, .. Hash(leaves[..left]), .. Hash(leaves[left..])]);
    }
}
